import { describe, expect, it } from 'vitest'
import { epochBatches, epochRepeats, stepsPerEpoch } from '../../engine/dataset/batches.ts'
import { assignBuckets } from '../../engine/dataset/buckets.ts'
import { datasetSchema } from '../../engine/dataset/settings.ts'
import { itemOf } from '../support/datasets.ts'

const settings = datasetSchema.parse({ enableBucket: true })
const sizes = [
  ...Array.from({ length: 7 }, () => [512, 512]),
  ...Array.from({ length: 4 }, () => [640, 384]),
] as [number, number][]
const items = sizes.map(([width, height], i) => itemOf(width, height, { repeats: 1 + (i % 3) }))
const buckets = assignBuckets(items, settings)
const options = { batchSize: 4, seed: 7, epoch: 1 }

describe('the batches of an epoch', () => {
  it('come from one bucket each', () => {
    for (const batch of epochBatches(buckets, options)) {
      expect(new Set(batch.map(({ bucket }) => `${bucket.width}x${bucket.height}`)).size).toBe(1)
      expect(batch.length).toBeLessThanOrEqual(4)
    }
  })

  it('hold every picture as often as its repeats say', () => {
    const seen = items.map(() => 0)
    for (const { index } of epochBatches(buckets, options).flat()) seen[index]!++
    expect(seen).toEqual(items.map(({ repeats }) => repeats))
  })

  it('are the sum over buckets of pictures times repeats by batch size, rounded up', () => {
    // 13 pictures with repeats in one bucket, 8 in the other.
    const counts = buckets.map(({ placements }) =>
      placements.reduce((sum, { item }) => sum + item.repeats, 0),
    )
    for (const batchSize of [1, 2, 3, 4, 5, 64]) {
      const batches = counts.reduce((sum, count) => sum + Math.ceil(count / batchSize), 0)
      expect(epochBatches(buckets, { ...options, batchSize })).toHaveLength(batches)
      expect(stepsPerEpoch(buckets, batchSize)).toBe(batches)
      expect(stepsPerEpoch(buckets, batchSize, 3)).toBe(Math.ceil(batches / 3))
    }
  })

  it('can be made again from seed and epoch', () => {
    const orderOf = (change: object) =>
      epochBatches(buckets, { ...options, ...change }).map((batch) => batch.map((p) => p.index))
    expect(orderOf({})).toEqual(orderOf({}))
    expect(orderOf({ epoch: 2 })).not.toEqual(orderOf({}))
    expect(orderOf({ seed: 8 })).not.toEqual(orderOf({}))
  })

  it('mix the buckets', () => {
    const widths = Array.from({ length: 20 }, (_, epoch) =>
      epochBatches(buckets, { ...options, epoch }).map((batch) => batch[0]!.bucket.width),
    )
    expect(new Set(widths.map(String)).size).toBeGreaterThan(5)
  })
})

describe('pictures of the class', () => {
  const learned = (repeats: number) => itemOf(512, 512, { repeats })
  const ofClass = (repeats: number) => itemOf(512, 512, { repeats, isRegularisation: true })

  it.each<[string, number[], number[], number[]]>([
    ['are repeated round after round', [5, 2], [1, 1, 1], [5, 2, 3, 2, 2]],
    ['are left out when there are enough', [1, 1], [1, 1, 1], [1, 1, 1, 1, 0]],
    ['begin with their own repeats', [6], [2, 2], [6, 3, 3]],
    ['may be seen more often than the others', [3], [2, 2], [3, 2, 2]],
    ['are none where none are given', [3], [], [3]],
    ['with 0 repeats are never seen', [3], [0], [3, 0]],
  ])('%s', (_, trained, regular, expected) => {
    expect(epochRepeats([...trained.map(learned), ...regular.map(ofClass)])).toEqual(expected)
  })

  it('fill as many places of an epoch as the others', () => {
    const all = [learned(4), learned(4), ofClass(1), ofClass(1), ofClass(1)]
    const batches = epochBatches(assignBuckets(all, settings), options).flat()
    const counts = Map.groupBy(batches, ({ item }) => item.isRegularisation)
    expect(counts.get(true)).toHaveLength(8)
    expect(counts.get(false)).toHaveLength(8)
  })
})
