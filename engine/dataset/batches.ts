import { mixSeed } from '../sampling/mix-seed.ts'
import { TorchRandom } from '../sampling/torch-random.ts'
import type { Bucket, Placement } from './buckets.ts'
import type { DatasetItem } from './settings.ts'

/** What decides about an epoch. */
export interface EpochOptions {
  readonly batchSize: number
  readonly seed: number
  /** Counted from 1. */
  readonly epoch: number
}

/**
 * The batches of one epoch in the order of training. Every batch comes from one bucket; the last
 * of a bucket may be smaller. A picture appears as often as its repeats say. The pictures of a
 * bucket and all batches are shuffled from `(seed, epoch)` alone, so any epoch can be made again.
 * kohya shuffles alike, with other random numbers.
 */
export function epochBatches(
  buckets: readonly Bucket[],
  { batchSize, seed, epoch }: EpochOptions,
): readonly (readonly Placement[])[] {
  const random = new TorchRandom(mixSeed(seed, 'order', epoch))
  const batches = repeated(buckets).flatMap((placements) => {
    const order = random.permutation(placements.length)
    const batchCount = Math.ceil(order.length / batchSize)
    return Array.from({ length: batchCount }, (_, batch) =>
      order.slice(batch * batchSize, (batch + 1) * batchSize).map((at) => placements[at]!),
    )
  })
  return random.permutation(batches.length).map((at) => batches[at]!)
}

/**
 * Optimizer steps of an epoch: the sum over buckets of pictures times repeats by batch size, each
 * rounded up, then by the batches that are accumulated, rounded up.
 */
export function stepsPerEpoch(
  buckets: readonly Bucket[],
  batchSize: number,
  gradientAccumulationSteps = 1,
): number {
  const batches = repeated(buckets).reduce(
    (sum, placements) => sum + Math.ceil(placements.length / batchSize),
    0,
  )
  return Math.ceil(batches / gradientAccumulationSteps)
}

/**
 * How often each item is seen in an epoch. Pictures of the class are taken in their order until
 * they are as many as the others: those left over are not seen, and where they are too few each is
 * seen once more, round after round.
 */
export function epochRepeats(items: readonly DatasetItem[]): readonly number[] {
  const repeats = items.map(({ isRegularisation, repeats }) => (isRegularisation ? 0 : repeats))
  const wanted = repeats.reduce((sum, count) => sum + count, 0)
  const pool = items.flatMap((item, at) => (item.isRegularisation && item.repeats > 0 ? [at] : []))
  if (pool.length === 0) return repeats
  let seen = 0
  for (let turn = 0; seen < wanted; turn++) {
    const at = pool[turn % pool.length]!
    const more = turn < pool.length ? items[at]!.repeats : 1
    repeats[at]! += more
    seen += more
  }
  return repeats
}

/** The placements of each bucket, each as often as an epoch sees it. */
function repeated(buckets: readonly Bucket[]): Placement[][] {
  const all = buckets.flatMap(({ placements }) => placements).sort((a, b) => a.index - b.index)
  const counts = epochRepeats(all.map(({ item }) => item))
  const countOf = new Map(all.map(({ index }, at) => [index, counts[at]!]))
  return buckets.map(({ placements }) =>
    placements.flatMap((placement) =>
      Array.from({ length: countOf.get(placement.index)! }, () => placement),
    ),
  )
}
