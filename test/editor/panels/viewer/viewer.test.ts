import { describe, expect, it } from 'vitest'
import { differences, factsOf } from '../../../../editor/panels/viewer/facts.ts'
import { movedBy, wholeSight, zoomAt } from '../../../../editor/panels/viewer/sight.ts'
import type { Workflow } from '../../../../editor/state/types.ts'

const workflow = (seed: number, extra = {}) =>
  ({
    version: 1,
    nodes: {
      positive: { type: 'encode-prompt', params: { text: 'a hill' } },
      sampler: { type: 'sampler', params: { seed, ...extra } },
      save: { type: 'save-image', params: { name: 'x' } },
    },
  }) as unknown as Workflow

describe('the viewer', () => {
  it('tells the values that say most of a picture', () => {
    expect(factsOf(workflow(7))).toEqual([
      { place: 'positive.text', value: 'a hill' },
      { place: 'sampler.seed', value: '7' },
    ])
  })
  it('lists what differs between two workflows', () => {
    expect(differences(workflow(1), workflow(2, { steps: 6 }))).toEqual([
      { place: 'sampler.seed', left: '1', right: '2' },
      { place: 'sampler.steps', left: '', right: '6' },
    ])
    expect(differences(workflow(1), workflow(1))).toEqual([])
  })
  it('keeps the point under the pointer in its place while zooming', () => {
    const near = zoomAt(zoomAt(wholeSight, 2, 30, -10), 1.5, 30, -10)
    expect((30 - near.x) / near.zoom).toBeCloseTo(30)
    expect((-10 - near.y) / near.zoom).toBeCloseTo(-10)
  })
  it('shows the whole picture again at the least zoom and does not move it then', () => {
    expect(zoomAt(zoomAt(wholeSight, 4, 9, 9), 1 / 8)).toEqual(wholeSight)
    expect(movedBy(wholeSight, 5, 5)).toEqual(wholeSight)
  })
})
