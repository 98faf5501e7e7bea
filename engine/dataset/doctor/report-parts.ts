import { bucketSizes, type Fit, fitPicture } from '../buckets.ts'
import type { Dataset, DatasetItem } from '../settings.ts'
import type { Balance, BalancedPicture } from './balance.ts'
import type { Diversity } from './diversity.ts'
import { type Finding, worstOf } from './findings.ts'
import { cropBoxOf, enlargementOf } from './framing.ts'
import type { PictureFacts } from './picture-findings.ts'
import type { BalanceReport, DiversityReport, NamedShare, PictureReport } from './report.ts'
import { adviceOf } from './set-findings.ts'
import type { TagCount } from './tags.ts'

/** What else is known of a picture by its path. */
export interface PictureNotes {
  readonly groups: ReadonlyMap<string, number>
  readonly suggested: ReadonlyMap<string, number>
  readonly findings: ReadonlyMap<string, readonly Finding[]>
}

/** Findings by the pictures that they are about. */
export function findingsByPath(findings: readonly Finding[]): Map<string, Finding[]> {
  const byPath = new Map<string, Finding[]>()
  for (const found of findings) {
    for (const path of found.paths) byPath.set(path, [...(byPath.get(path) ?? []), found])
  }
  return byPath
}

/** The part of a report about one picture that could be read. */
export function pictureReport(facts: PictureFacts, notes: PictureNotes): PictureReport {
  const { item, fit, measured, caption } = facts
  return {
    ...framing(item, fit),
    edgeWidth:
      measured.sharpness.edgeWidth === undefined ? null : rounded(measured.sharpness.edgeWidth),
    tokens: caption.tokens,
    repeats: item.repeats,
    suggestedRepeats: notes.suggested.get(item.path) ?? item.repeats,
    group: notes.groups.get(item.path) ?? null,
    ...verdict(item.path, notes),
  }
}

/** The same of pictures that could not be read, in the dataset or before it. */
export function unreadReports(
  { items, settings }: Dataset,
  read: ReadonlySet<string>,
  notes: PictureNotes,
): PictureReport[] {
  const unread = items.filter(({ path }) => !read.has(path))
  const known = new Set(items.map(({ path }) => path))
  const strangers = [...notes.findings].flatMap(([path, findings]) =>
    known.has(path) || !findings.some(({ kind }) => kind === 'unreadable') ? [] : [path],
  )
  const sizes = bucketSizes(settings)
  const nothing = { edgeWidth: null, tokens: 0, group: null }
  return [
    ...unread.map((item) => ({
      ...framing(item, fitPicture(item, settings, sizes)),
      ...nothing,
      ...{ repeats: item.repeats, suggestedRepeats: item.repeats },
      ...verdict(item.path, notes),
    })),
    ...strangers.map((path) => ({
      ...{ path, width: 0, height: 0, bucket: [0, 0] as const, lost: 0, enlarged: 1 },
      ...{ crop: { left: 0, top: 0, width: 0, height: 0 }, repeats: 0, suggestedRepeats: 0 },
      ...nothing,
      ...verdict(path, notes),
    })),
  ]
}

/** The balance as plain data. */
export function balanceReport(
  balance: Balance,
  pictures: readonly BalancedPicture[],
): BalanceReport {
  const suggested = pictures.flatMap(({ path, repeats }, index) => {
    const wanted = balance.suggestedRepeats[index]!
    return wanted === repeats ? [] : [[path, wanted] as const]
  })
  return {
    tags: balance.tags.slice(0, mostTags).map(named),
    uneven: balance.uneven.map(({ name, values }) => ({ name, values: values.map(named) })),
    suggestedRepeats: Object.fromEntries(suggested),
  }
}

/** The diversity as plain data. */
export function diversityReport(diversity: Diversity, paths: readonly string[]): DiversityReport {
  const pathsOf = (indices: readonly number[]) => indices.map((index) => paths[index]!)
  return {
    effectiveNumber: rounded(diversity.effectiveNumber),
    groups: diversity.groups.map(pathsOf),
    silhouette: rounded(diversity.silhouette),
    outliers: pathsOf(diversity.outliers),
    advice: adviceOf(diversity, paths),
  }
}

const mostTags = 100

function framing(item: DatasetItem, fit: Fit) {
  return {
    path: item.path,
    width: item.width,
    height: item.height,
    bucket: [fit.bucket.width, fit.bucket.height] as const,
    crop: cropBoxOf(item, fit),
    lost: rounded(fit.lost),
    enlarged: rounded(enlargementOf(item, fit)),
  }
}

function verdict(path: string, { findings }: PictureNotes) {
  const own = findings.get(path) ?? []
  return { worst: worstOf(own) ?? null, findings: [...new Set(own.map(({ kind }) => kind))] }
}

function named({ tag, pictures, share }: TagCount): NamedShare {
  return { tag, pictures: pictures.length, share: rounded(share) }
}

/** Three decimals: enough to read, and the same on every machine. */
function rounded(value: number): number {
  return Math.round(value * 1000) / 1000
}
