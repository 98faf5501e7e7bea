import { describe, expect, test } from 'vitest'
import { copyText, pasteOps } from '../../../editor/state/clipboard.ts'
import * as commands from '../../../editor/state/commands/index.ts'
import { seedOps } from '../../../editor/state/run-commands.ts'
import { innerOf, innerPlace, statusOf } from '../../../editor/state/run-summary.ts'
import { graphInside, infoOf, inside } from '../../../editor/state/subgraphs.ts'
import type { Workflow } from '../../../editor/state/types.ts'
import { applyPatch } from '../../../engine/protocol/apply-patch.ts'
import type { NodeStatus } from '../../../engine/protocol/runs.ts'
import { check, readWorkflow } from '../../../engine/workflow/index.ts'
import { realCatalogue, realInfos, realWorkflow } from '../support/graphs.ts'

const two = realWorkflow('two-loras')
const grouped = applyPatch(
  two,
  commands.groupIntoSubgraph(two, ['neon', 'riso', 'blend'], realInfos, 'mix')!.ops,
)

async function problemsOf(workflow: Workflow): Promise<string[]> {
  const { problems = [] } = await check(readWorkflow(workflow), realCatalogue)
  return problems.map(({ message }) => message)
}

describe('a definition', () => {
  test('whose ports get other names keeps its instances linked', async () => {
    const first = applyPatch(
      grouped,
      commands.renamePort(grouped, 'mix', 'inputs', { from: 'ratio1', to: 'neonRatio' }),
    )
    const next = applyPatch(
      first,
      commands.renamePort(first, 'mix', 'outputs', { from: 'model', to: 'mixed' }),
    )
    expect(next.inputs?.neon?.to).toEqual(['mix.neonRatio'])
    expect(await problemsOf(next)).toEqual([])
  })

  test('that loses a port takes the links for it away', () => {
    const next = applyPatch(grouped, commands.removePort(grouped, 'mix', 'inputs', 'ratio1'))
    expect(next.inputs?.neon).toBeUndefined()
    expect(next.subgraphs?.mix?.inputs?.ratio1).toBeUndefined()
    const graph = graphInside(grouped, 'mix')!
    const gone = inside('mix', commands.removeItems(graph, ['blend'], realInfos))
    const after = applyPatch(grouped, commands.tidied(grouped, gone))
    const links = Object.values(after.nodes).flatMap(({ inputs = {} }) => Object.values(inputs))
    expect(links.filter((from) => from.startsWith('mix.'))).toEqual([])
  })

  test('gets another name together with its instances, and goes when nothing uses it', async () => {
    const next = applyPatch(grouped, commands.renameSubgraph(grouped, 'mix', 'blended'))
    expect(Object.keys(next.subgraphs!)).toEqual(['blended'])
    expect(await problemsOf(next)).toEqual([])
    expect(commands.removeUnused(next)).toEqual([])
    const alone = applyPatch(next, commands.removeItems(next, ['mix'], realInfos))
    expect(commands.unusedSubgraphs(alone)).toEqual(['blended'])
    expect(applyPatch(alone, commands.removeUnused(alone)).subgraphs).toBeUndefined()
  })

  test('travels with a copy, under a new name where that one means something else', () => {
    const text = copyText(grouped, ['mix'])
    const other: Workflow = { version: 1, nodes: {}, subgraphs: { mix: { nodes: {} } } }
    const pasted = applyPatch(other, pasteOps(other, text, { x: 0, y: 0 }, {}, realInfos)!.ops)
    expect(pasted.nodes.mix?.subgraph).toBe('mix-2')
    expect(pasted.subgraphs?.['mix-2']).toEqual(grouped.subgraphs?.mix)
    const same = applyPatch(grouped, pasteOps(grouped, text, { x: 0, y: 0 }, {}, realInfos)!.ops)
    expect(Object.keys(same.subgraphs!)).toEqual(['mix'])
  })

  test('shows the value inside until its instance has one of its own', () => {
    const ops = inside(
      'mix',
      commands.setParam(graphInside(grouped, 'mix')!, 'blend', 'ratio1', 0.3),
    )
    const next = applyPatch(grouped, ops)
    const param = infoOf(next, next.nodes.mix!, realInfos)!.params.find((p) => p.name === 'ratio1')
    expect(param?.schema.default).toBe(0.3)
  })

  test('moves its seeds before a run', () => {
    const base = applyPatch(
      two,
      commands.groupIntoSubgraph(two, ['sampler'], realInfos, 'draw')!.ops,
    )
    const graph = graphInside(base, 'draw')!
    const mode = { seedMode: { seed: 'increment' } } as object
    const set = [
      ...commands.setParam(graph, 'sampler', 'seed', 7),
      ...commands.setLayout(graph, 'sampler', mode),
    ]
    const ready = applyPatch(base, inside('draw', set))
    const next = applyPatch(ready, seedOps(ready, realInfos))
    expect(next.subgraphs?.draw?.nodes.sampler?.params?.seed).toBe(8)
  })
})

describe('what a run says of an instance', () => {
  const of = (states: Record<string, NodeStatus>) => statusOf(new Map(Object.entries(states)), 'a')

  test('is what its nodes do together', () => {
    const done: NodeStatus = { state: 'done', seconds: 1 }
    const running: NodeStatus = { state: 'running', step: 1, steps: 2 }
    expect(of({ b: done })).toBeUndefined()
    expect(of({ 'a:x': done, 'a:b:y': running })).toMatchObject({
      ...{ state: 'running', inner: 'a:b:y', step: 150, steps: 200 },
    })
    expect(of({ 'a:x': done, 'a:y': done })).toMatchObject({ state: 'done', seconds: 2 })
    const failed: NodeStatus = { state: 'failed', error: 'x: no' }
    const whole = of({ 'a:x': failed, 'a:y': running })
    expect([whole?.state, whole?.error, innerOf(whole, 'a')]).toEqual(['failed', 'x: no', 'a:x'])
  })

  test('names the node inside that gives an output', () => {
    const place = innerPlace(grouped, grouped, { node: 'mix', socket: 'model' })
    expect(place).toEqual({ node: 'mix:blend', socket: 'model' })
  })
})
