import { clustersOf } from './clusters.ts'
import { distanceOf } from './embedding.ts'
import { type Manner, mannerDistances } from './manner.ts'
import { quantile } from './sharpness.ts'

/** How different the pictures of a set are among each other. */
export interface Diversity {
  /**
   * As how many wholly different pictures the set counts, 1 to the number of pictures: the Vendi
   * score of order 2 (Pasarkar and Dieng 2023, arXiv 2310.12952) of a Gaussian kernel.
   */
  readonly effectiveNumber: number
  /** Groups of alike pictures, the largest first, as indices. */
  readonly groups: readonly (readonly number[])[]
  /** How well the groups stand apart: mean silhouette, 0 for a single group. */
  readonly silhouette: number
  /** Pictures far from all others, as indices. */
  readonly outliers: readonly number[]
}

/** What a picture is compared by. */
export interface Look {
  readonly embedding: Float32Array
  readonly manner: Manner
}

/** Distance at which two pictures count as mostly different. */
const kernelWidth = 0.5
const mostGroups = 8
const fewestForOutliers = 8

/** Measures a set by how its pictures look. */
export function diversityOf(pictures: readonly Look[], seed: number): Diversity {
  const embeddings = pictures.map(({ embedding }) => embedding)
  const most = Math.min(mostGroups, Math.floor(embeddings.length / 2))
  const { labels, silhouette } = clustersOf(embeddings, most, seed)
  const groups = [...Map.groupBy(labels.keys(), (index) => labels[index]).values()]
  return {
    effectiveNumber: effectiveNumber(embeddings),
    groups: groups.sort((a, b) => b.length - a.length || a[0]! - b[0]!),
    silhouette,
    outliers: outliersOf(pictures),
  }
}

function effectiveNumber(points: readonly Float32Array[]): number {
  let sum = 0
  for (const a of points) {
    for (const b of points) sum += Math.exp(-((distanceOf(a, b) / kernelWidth) ** 2) / 2) ** 2
  }
  return points.length === 0 ? 0 : points.length ** 2 / sum
}

/**
 * Those that are unlike in manner and in looks: the distance of the manner, times the square of how
 * much farther than usual half of the others are. A set that has many of them has no one kind.
 */
function outliersOf(pictures: readonly Look[]): number[] {
  if (pictures.length < fewestForOutliers) return []
  const reach = pictures.map(({ embedding }, i) => {
    const others = pictures.filter((_, j) => i !== j)
    return quantile(
      others.map((other) => distanceOf(embedding, other.embedding)),
      0.5,
    )
  })
  const usual = Math.max(1e-6, quantile(reach, 0.5))
  const manners = mannerDistances(pictures.map(({ manner }) => manner))
  const found = manners.flatMap((distance, i) =>
    distance * (reach[i]! / usual) ** 2 > outlierScore ? [i] : [],
  )
  return found.length > Math.max(1, mostOutliers * pictures.length) ? [] : found
}

/** Above what pictures of one kind reach, half of what a stranger among them does. */
const outlierScore = 5.2
/** Share of a set beyond which strangers are a second kind. */
const mostOutliers = 0.1
