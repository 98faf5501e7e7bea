import { type Finding, finding } from './findings.ts'
import type { DoctorOptions } from './options.ts'
import {
  type Attribute,
  areTags,
  attributesOf,
  countTags,
  shareOf,
  type TagCount,
  type WeightedCaption,
} from './tags.ts'

/** A picture as the balance sees it. */
export interface BalancedPicture extends WeightedCaption {
  readonly path: string
  /** Folder of the subset it belongs to. */
  readonly folder: string
}

/** How evenly a set shows what it names. */
export interface Balance {
  readonly tags: readonly TagCount[]
  /** Attributes of which one value comes more often than `maxRatio` times another. */
  readonly uneven: readonly Attribute[]
  /** Repeats that would even this out, one a picture. */
  readonly suggestedRepeats: readonly number[]
  readonly findings: readonly Finding[]
}

/** A value counts as too frequent only where it is seen in this share of its attribute. */
const dominantShare = 0.5
const rounds = 30

/** Counts what captions and folders name, and finds what is shown too seldom. */
export function balanceOf(pictures: readonly BalancedPicture[], options: DoctorOptions): Balance {
  const tags = countTags(pictures)
  const named = areTags(pictures) ? attributesOf(tags, pictures.length) : []
  const uneven = [...named, ...folders(pictures)].filter((attribute) =>
    isUneven(attribute, options.maxRatio),
  )
  const suggestedRepeats = evenRepeats(pictures, uneven, options.maxRepeats)
  return {
    tags,
    uneven,
    suggestedRepeats,
    findings: uneven.map((attribute) => unevenFinding(attribute, pictures, suggestedRepeats)),
  }
}

/** The folders as values of one attribute, where there are several. */
function folders(pictures: readonly BalancedPicture[]): Attribute[] {
  const byFolder = Map.groupBy(pictures.keys(), (index) => pictures[index]!.folder)
  if (byFolder.size < 2) return []
  const values = [...byFolder].map(([folder, found]) => ({
    tag: folder === '' ? '.' : folder,
    pictures: found,
    share: shareOf(found, pictures),
  }))
  return [{ name: 'folder', values: values.sort((a, b) => b.share - a.share) }]
}

function isUneven({ values }: Attribute, maxRatio: number): boolean {
  const shares = values.map(({ share }) => share)
  const total = shares.reduce((sum, share) => sum + share, 0)
  const [most, least] = [Math.max(...shares), Math.min(...shares)]
  return most >= dominantShare * total && most > maxRatio * least
}

/**
 * Whole repeats from iterative proportional fitting (Deming and Stephan 1940): every uneven
 * attribute in turn is scaled to equal shares of its values, until all agree about as well as they
 * can. Nothing is shown less often than now.
 */
function evenRepeats(
  pictures: readonly BalancedPicture[],
  attributes: readonly Attribute[],
  maxRepeats: number,
): number[] {
  const weights = pictures.map(({ repeats }) => Math.max(1, repeats))
  for (let round = 0; round < rounds; round++) {
    for (const { values } of attributes) {
      const sums = values.map((value) => value.pictures.reduce((sum, i) => sum + weights[i]!, 0))
      const mean = sums.reduce((sum, value) => sum + value, 0) / sums.length
      for (const [at, value] of values.entries()) {
        for (const index of value.pictures) weights[index]! *= mean / sums[at]!
      }
    }
  }
  const least = Math.min(...weights.map((weight, i) => weight / Math.max(1, pictures[i]!.repeats)))
  return weights.map((weight, index) => {
    const now = pictures[index]!.repeats
    const factor = Math.min(maxRepeats, weight / Math.max(1, now) / least)
    return Math.max(now, Math.round(now * factor))
  })
}

function unevenFinding(
  { name, values }: Attribute,
  pictures: readonly BalancedPicture[],
  suggested: readonly number[],
): Finding {
  const most = values[0]!
  const rare = values.filter(({ share }) => share * 2 < most.share)
  const seldom = rare.flatMap((value) => value.pictures)
  const percent = (share: number) => `${Math.round(100 * share)} %`
  const listed = rare.slice(-3).map(({ tag, share }) => `"${tag}" ${percent(share)}`)
  const repeats = rare.slice(-3).map(({ tag, pictures: found }) => {
    const wanted = found.map((index) => suggested[index]!)
    const mean = wanted.reduce((sum, value) => sum + value, 0) / wanted.length
    return `${Math.round(mean)} for "${tag}"`
  })
  const paths = [...new Set(seldom)].sort((a, b) => a - b).map((index) => pictures[index]!.path)
  return finding(
    'imbalance',
    paths,
    `${name}: "${most.tag}" makes up ${percent(most.share)} of what is seen, ` +
      `${listed.join(', ')}; ` +
      'more even shares expected',
    `add such pictures, or repeat those there are: ${repeats.join(', ')}`,
  )
}
