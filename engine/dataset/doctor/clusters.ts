import { mixSeed } from '../../sampling/mix-seed.ts'
import { distanceOf } from './embedding.ts'

/** Points in groups: the group of each, the middle of each group. */
export interface Clusters {
  readonly labels: readonly number[]
  readonly centres: readonly Float32Array[]
  /** Mean silhouette (Rousseeuw 1987), -1 to 1: above 0.2 the groups are worth speaking of. */
  readonly silhouette: number
}

const tries = 4
const rounds = 30

/**
 * Groups points by k-means with k-means++ starts (Arthur and Vassilvitskii 2007); the number of
 * groups, up to `most`, is the one with the best silhouette. One group where no split is worth it.
 * The same points and seed give the same groups.
 */
export function clustersOf(points: readonly Float32Array[], most: number, seed: number): Clusters {
  const whole: Clusters = {
    labels: points.map(() => 0),
    centres: points.length ? [meanOf(points)] : [],
    silhouette: 0,
  }
  const distances = points.map((a) => points.map((b) => distanceOf(a, b)))
  let best = whole
  for (let count = 2; count <= Math.min(most, points.length - 1); count++) {
    for (let attempt = 0; attempt < tries; attempt++) {
      const found = kMeans(points, count, mixSeed(seed, 'k-means', count, attempt))
      const silhouette = silhouetteOf(found.labels, count, distances)
      if (silhouette > Math.max(best.silhouette, leastSilhouette)) best = { ...found, silhouette }
    }
  }
  return best
}

/** Below this a split is an accident of the points. */
const leastSilhouette = 0.2

function kMeans(points: readonly Float32Array[], count: number, seed: number) {
  let centres = firstCentres(points, count, seed)
  let labels: number[] = []
  for (let round = 0; round < rounds; round++) {
    const next = points.map((point) => nearest(point, centres))
    if (labels.length && next.every((label, i) => label === labels[i])) break
    labels = next
    centres = centres.map((centre, label) => {
      const members = points.filter((_, i) => labels[i] === label)
      return members.length ? meanOf(members) : centre
    })
  }
  return { labels, centres }
}

/** Each further centre is drawn with the square of its distance to those before. */
function firstCentres(points: readonly Float32Array[], count: number, seed: number) {
  const draw = (index: number) => mixSeed(seed, 'centre', index) / 2 ** 32
  const centres = [points[Math.floor(draw(0) * points.length)]!]
  while (centres.length < count) {
    const weights = points.map(
      (point) => Math.min(...centres.map((c) => distanceOf(point, c))) ** 2,
    )
    let left = draw(centres.length) * weights.reduce((sum, weight) => sum + weight)
    const chosen = weights.findIndex((weight) => {
      left -= weight
      return left < 0
    })
    centres.push(points.at(chosen)!)
  }
  return centres
}

function nearest(point: Float32Array, centres: readonly Float32Array[]): number {
  const distances = centres.map((centre) => distanceOf(point, centre))
  return distances.indexOf(Math.min(...distances))
}

function meanOf(points: readonly Float32Array[]): Float32Array {
  const sum = new Float32Array(points[0]!.length)
  for (const point of points) for (let i = 0; i < sum.length; i++) sum[i]! += point[i]!
  return sum.map((value) => value / points.length)
}

function silhouetteOf(labels: readonly number[], count: number, distances: number[][]): number {
  const sizes = Array.from({ length: count }, (_, c) => labels.filter((l) => l === c).length)
  const values = labels.map((own, i) => {
    if (sizes[own]! < 2) return 0
    const sums = new Float64Array(count)
    for (const [j, label] of labels.entries()) sums[label]! += distances[i]![j]!
    const within = sums[own]! / (sizes[own]! - 1)
    const others = sizes.flatMap((size, c) => (c === own || size === 0 ? [] : [sums[c]! / size]))
    const between = Math.min(...others)
    return (between - within) / Math.max(between, within, 1e-9)
  })
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
