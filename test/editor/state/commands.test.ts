import { describe, expect, test } from 'vitest'
import { copyText, pasteOps } from '../../../editor/state/clipboard.ts'
import * as commands from '../../../editor/state/commands/index.ts'
import { infoOf } from '../../../editor/state/subgraphs.ts'
import type { PatchOp, Workflow } from '../../../editor/state/types.ts'
import { applyPatch } from '../../../engine/protocol/apply-patch.ts'
import { check, readWorkflow } from '../../../engine/workflow/index.ts'
import { realCatalogue, realInfos, realWorkflow } from '../support/graphs.ts'

const two = realWorkflow('two-loras')
const changed = (workflow: Workflow, ops: readonly PatchOp[]) => applyPatch(workflow, ops)

async function problemsOf(workflow: Workflow): Promise<string[]> {
  const { problems = [] } = await check(readWorkflow(workflow), realCatalogue)
  return problems.map(({ message }) => message)
}

describe('commands', () => {
  test('take a LoRA out of the middle, and the others and their inputs move up', async () => {
    const next = changed(two, commands.removeItem(two, 'blend', 1, realInfos))
    expect(next.nodes.blend).toMatchObject({
      params: { ratio1: 0.4 },
      inputs: { lora1: 'riso.lora' },
    })
    expect(next.nodes.blend?.inputs).not.toHaveProperty('lora2')
    expect(next.inputs).not.toHaveProperty('neon')
    expect(next.inputs?.riso?.to).toEqual(['blend.ratio1'])
    expect(await problemsOf(next)).toEqual([])
  })

  test('exchange two LoRAs with all that belongs to them', async () => {
    const next = changed(two, commands.moveItem(two, 'blend', 1, 2, realInfos))
    expect(next.nodes.blend).toMatchObject({
      params: { ratio1: 0.4, ratio2: 0.7 },
      inputs: { lora1: 'riso.lora', lora2: 'neon.lora' },
    })
    expect(next.inputs?.neon?.to).toEqual(['blend.ratio2'])
    expect(await problemsOf(next)).toEqual([])
  })

  test('let an item of which nothing is left go with its link', async () => {
    const bare = changed(two, [
      { path: ['nodes', 'blend', 'params', 'ratio1'] },
      { path: ['inputs', 'neon'] },
    ])
    const place = { node: 'blend', socket: 'lora1' }
    const next = changed(bare, commands.disconnect(bare, place, realInfos))
    expect(next.nodes.blend?.params).toEqual({ ratio1: 0.4 })
    expect(next.inputs?.riso?.to).toEqual(['blend.ratio1'])
    expect(await problemsOf(next)).toEqual([])
  })

  test('take a node away with all that names it', () => {
    const next = changed(two, commands.removeItems(two, ['save', 'positive'], realInfos))
    expect(next.outputs).toEqual({})
    expect(next.inputs).not.toHaveProperty('prompt')
    expect(next.nodes.sampler?.inputs).not.toHaveProperty('positive')
    expect(next.layout).not.toHaveProperty('save')
  })

  test('give a node another id everywhere, at its place in the file', async () => {
    const next = changed(two, commands.renameItem(two, 'blend', 'mix'))
    expect(Object.keys(next.nodes)[3]).toBe('mix')
    expect(next.inputs?.neon?.to).toEqual(['mix.ratio1'])
    expect(next.nodes.sampler?.inputs?.model).toBe('mix.model')
    expect(await problemsOf(next)).toEqual([])
    expect(commands.renameItem(two, 'blend', 'save')).toEqual([])
    expect(commands.renameItem(two, 'blend', '1 2')).toEqual([])
  })

  test('add a node in the present version of its type under a free id', () => {
    const added = commands.addNode(two, { type: 'sampler', x: 1, y: 2 }, realInfos)
    expect(added.id).toBe('sampler-2')
    expect(changed(two, added.ops).layout?.['sampler-2']).toEqual({ x: 1, y: 2 })
  })
})

describe('copy and paste', () => {
  test('bring nodes with the links among them, under new ids, at the point', async () => {
    const text = copyText(two, ['neon', 'riso', 'blend'])
    const pasted = pasteOps(two, text, { x: 1000, y: 500 }, {}, realInfos)!
    const next = changed(two, pasted.ops)
    expect(pasted.ids).toEqual(['neon-2', 'riso-2', 'blend-2'])
    expect(next.nodes['blend-2']?.inputs).toEqual({ lora1: 'neon-2.lora', lora2: 'riso-2.lora' })
    const { neon, blend } = two.layout!
    // The file has neon at the left and blend at the top of what is copied.
    const at = { x: 1000 - neon!.x, y: 500 - blend!.y }
    expect(next.layout?.['neon-2']).toEqual({ x: 1000, y: neon!.y + at.y })
    expect(next.layout?.['blend-2']).toEqual({ x: blend!.x + at.x, y: 500 })
  })

  test('link to nodes that are here when asked to', async () => {
    const text = copyText(two, ['blend'])
    const pasted = pasteOps(two, text, { x: 0, y: 0 }, { reconnect: true }, realInfos)!
    const next = changed(two, pasted.ops)
    expect(next.nodes['blend-2']?.inputs).toEqual(two.nodes.blend?.inputs)
    expect(await problemsOf(next)).toEqual([])
  })

  test('take a whole workflow file as text, and nothing else', () => {
    const empty: Workflow = { version: 1, nodes: {} }
    const pasted = pasteOps(empty, JSON.stringify(two), { x: 0, y: 0 }, {}, realInfos)!
    expect(changed(empty, pasted.ops).nodes).toEqual(two.nodes)
    for (const text of ['', 'a cat', '{"nodes": 3}', '{"mazeru":"nodes","nodes":{"a b":{}}}']) {
      expect(pasteOps(empty, text, { x: 0, y: 0 }, {}, realInfos)).toBeUndefined()
    }
  })
})

describe('a subgraph', () => {
  const members = ['neon', 'riso', 'blend']
  const made = commands.groupIntoSubgraph(two, members, realInfos, 'mix')!
  const grouped = changed(two, made.ops)

  test('stands for its nodes, with their links as sockets and their inputs as params', async () => {
    expect(await problemsOf(grouped)).toEqual([])
    const info = infoOf(grouped, grouped.nodes.mix!, realInfos)!
    expect(info.inputs.map(({ name, type }) => `${name}: ${type}`)).toEqual([
      ...['model: model', 'textEncoder: text-encoder'],
    ])
    expect(info.params.map(({ name }) => name)).toEqual(['ratio1', 'ratio2'])
    expect(info.outputs.map(({ name }) => name).sort()).toEqual(['model', 'textEncoder'])
    expect(grouped.inputs?.neon?.to).toEqual(['mix.ratio1'])
  })

  test('gives its nodes back as they were', async () => {
    const back = changed(grouped, commands.ungroup(grouped, 'mix')!.ops)
    expect(back.nodes).toEqual(two.nodes)
    expect(back.inputs).toEqual(two.inputs)
    expect(back.outputs).toEqual(two.outputs)
    expect(back.subgraphs).toEqual({})
    expect(await problemsOf(back)).toEqual([])
  })

  test('is refused where a link would leave it and come back', () => {
    expect(commands.groupIntoSubgraph(two, ['checkpoint', 'sampler'], realInfos)).toBeUndefined()
  })

  test('may hold another, and gives a param of the inner one', async () => {
    const outer = commands.groupIntoSubgraph(grouped, ['mix', 'checkpoint'], realInfos, 'base')!
    const nested = changed(grouped, outer.ops)
    expect(await problemsOf(nested)).toEqual([])
    const info = infoOf(nested, nested.nodes.base!, realInfos)!
    expect(info.params.map(({ name, schema }) => `${name} ${schema.type}`)).toEqual([
      ...['ratio1 number', 'ratio2 number'],
    ])
    const back = changed(nested, commands.ungroup(nested, 'base')!.ops)
    expect(back.nodes.mix).toEqual(grouped.nodes.mix)
  })
})
