import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fromRete, toRete } from '../../../editor/graph/convert.ts'
import { createMirror } from '../../../editor/graph/mirror.ts'
import type { Workflow } from '../../../editor/state/types.ts'
import { memoryStage } from './memory-stage.ts'

const folder = join(import.meta.dirname, '../../../workflows')
const saved = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => [name, JSON.parse(readFileSync(join(folder, name), 'utf8')) as Workflow] as const)

describe('the bridge to rete', () => {
  it.each(saved)('gives back all nodes and links of %s', (_name, workflow) => {
    expect(fromRete(toRete(workflow))).toEqual(workflow.nodes)
  })

  it('keeps an empty list of links apart from none', () => {
    const nodes = { a: { type: 'x', inputs: {} }, b: { type: 'x' } }
    expect(fromRete(toRete({ version: 1, nodes } as Workflow))).toEqual(nodes)
  })

  it('keeps what it does not know of an entry', () => {
    const nodes = { a: { type: 'x', mode: 'mute' as const, params: { n: [1, { m: null }] } } }
    expect(fromRete(toRete({ version: 1, nodes } as Workflow))).toEqual(nodes)
  })
})

describe('the mirror', () => {
  it('holds each graph of a sequence in the end, whatever came between', async () => {
    const stage = memoryStage()
    const mirror = createMirror(stage)
    for (const [, workflow] of saved) {
      mirror.update({})
      mirror.update(workflow.nodes)
      await mirror.settled()
      expect(mirror.read()).toEqual(workflow.nodes)
    }
  })

  it('equals the graph after each of 500 random changes', async () => {
    const stage = memoryStage()
    const mirror = createMirror(stage)
    let seed = 7
    const dice = (sides: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
      return seed % sides
    }
    let nodes: Workflow['nodes'] = {}
    for (let step = 0; step < 500; step++) {
      nodes = changed(nodes, dice, step)
      mirror.update(nodes)
      if (dice(3) > 0) continue
      await mirror.settled()
      expect(mirror.read()).toEqual(nodes)
    }
    await mirror.settled()
    expect(mirror.read()).toEqual(nodes)
  })
})

function changed(
  nodes: Workflow['nodes'],
  dice: (sides: number) => number,
  step: number,
): Workflow['nodes'] {
  const ids = Object.keys(nodes)
  const id = ids[dice(Math.max(1, ids.length))]
  const other = ids[dice(Math.max(1, ids.length))]
  const kind = dice(5)
  if (kind === 0 || id === undefined || other === undefined) {
    return { ...nodes, [`n${step}`]: { type: 'x', params: { step } } }
  }
  const entry = nodes[id]!
  if (kind === 1) {
    const { [id]: _, ...rest } = nodes
    return Object.fromEntries(
      Object.entries(rest).map(([key, value]) => {
        const { inputs, ...body } = value
        const kept = Object.entries(inputs ?? {}).filter(([, from]) => !from.startsWith(`${id}.`))
        return [key, inputs ? { ...body, inputs: Object.fromEntries(kept) } : value]
      }),
    )
  }
  if (kind === 2) return { ...nodes, [id]: { ...entry, params: { step } } }
  if (kind === 3) {
    const { inputs: _, ...body } = entry
    return { ...nodes, [id]: body }
  }
  const inputs = { ...entry.inputs, [`i${dice(3)}`]: `${other}.o${dice(2)}` }
  return { ...nodes, [id]: { ...entry, inputs } }
}
