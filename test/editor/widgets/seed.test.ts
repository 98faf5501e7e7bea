import { describe, expect, it } from 'vitest'
import type { Workflow } from '../../../editor/state/types.ts'
import { advanceSeeds, nextSeed, type SeedMode } from '../../../editor/widgets/seed.ts'
import { applyPatch } from '../../../engine/protocol/apply-patch.ts'

const max = Number.MAX_SAFE_INTEGER
const half = () => 0.5

function workflow(mode: SeedMode | undefined, entry: object): Workflow {
  return {
    version: 1,
    nodes: { sampler: { type: 'sampler', ...entry } },
    layout: { sampler: { x: 0, y: 0, ...(mode && { seedMode: { seed: mode } }) } },
  } as Workflow
}

const place = { node: 'sampler', param: 'seed', max, fallback: 0 }

describe('a seed before a run', () => {
  it('stays, is drawn anew, or is one more', () => {
    expect(nextSeed('fixed', 7, { random: half })).toBe(7)
    expect(nextSeed('random', 7, { random: half })).toBe(2 ** 31)
    expect(nextSeed('increment', 7)).toBe(8)
  })

  it('does not leave its limits', () => {
    expect(nextSeed('increment', max)).toBe(0)
    expect(nextSeed('random', 0, { random: () => 1 - Number.EPSILON / 2, max: 9 })).toBe(9)
  })

  it('changes in the document, and the former one is remembered', () => {
    const before = workflow('random', { params: { seed: 7, steps: 4 } })
    const after = applyPatch(before, advanceSeeds(before, [place], half))
    expect(after.nodes.sampler!.params).toEqual({ seed: 2 ** 31, steps: 4 })
    expect(after.layout!.sampler).toMatchObject({ seedLast: { seed: 7 } })
  })

  it('is written where the default counted until now', () => {
    const before = workflow('increment', {})
    const after = applyPatch(before, advanceSeeds(before, [place]))
    expect(after.nodes.sampler!.params).toEqual({ seed: 1 })
  })

  it('keeps two seeds of one node apart', () => {
    const before = workflow('increment', {})
    const layout = { sampler: { x: 0, y: 0, seedMode: { seed: 'increment', other: 'increment' } } }
    const both = { ...before, layout } as Workflow
    const ops = advanceSeeds(both, [place, { ...place, param: 'other', fallback: 5 }])
    expect(applyPatch(both, ops).nodes.sampler!.params).toEqual({ seed: 1, other: 6 })
  })

  it('is left alone where it is fixed or a link feeds it', () => {
    expect(advanceSeeds(workflow(undefined, { params: { seed: 7 } }), [place])).toEqual([])
    const linked = workflow('random', { inputs: { seed: 'seed.value' } })
    expect(advanceSeeds(linked, [place])).toEqual([])
  })
})
