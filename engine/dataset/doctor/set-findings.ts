import type { DatasetItem } from '../settings.ts'
import type { Diversity } from './diversity.ts'
import { connected, copyKind } from './duplicates.ts'
import { type Finding, finding } from './findings.ts'
import type { Measured } from './measure.ts'
import type { DoctorOptions } from './options.ts'

/** A picture with what was measured of it. */
export interface Examined {
  readonly item: DatasetItem
  readonly measured: Measured
}

/** Files that are the same byte for byte. */
export function exactDuplicates(items: readonly DatasetItem[]): Finding[] {
  const groups = [...Map.groupBy(items, ({ key }) => key).values()]
  return groups.flatMap((group) => {
    if (group.length < 2) return []
    const paths = group.map(({ path }) => path)
    const message = `${paths.join(', ')}: the same file ${group.length} times, once expected`
    return [finding('exact-duplicate', paths, message, 'keep one and raise its repeats if meant')]
  })
}

/** Pictures that were made from one another; of exact duplicates only the first is compared. */
export function nearDuplicates(examined: readonly Examined[]): Finding[] {
  const once = [...new Map(examined.toReversed().map((one) => [one.item.key, one])).values()]
  const pictures = once.reverse()
  const pairs: [number, number][] = []
  const flipped = new Set<number>()
  for (const [j, { measured }] of pictures.entries()) {
    for (let i = 0; i < j; i++) {
      const kind = copyKind(pictures[i]!.measured.likeness, measured.likeness)
      if (kind) pairs.push([i, j])
      if (kind === 'mirrored') flipped.add(i).add(j)
    }
  }
  return connected(pictures.length, pairs).map((group) => {
    const items = group.map((index) => pictures[index]!.item)
    const paths = items.map(({ path }) => path)
    const [best] = items.toSorted((a, b) => b.width * b.height - a.width * a.height)
    const how = group.some((index) => flipped.has(index)) ? 'mirrored' : 'at most changed a little'
    return finding(
      'near-duplicate',
      paths,
      `${paths.join(', ')}: one picture ${group.length} times, ${how}; different pictures expected`,
      `keep ${best!.path}, the one with the most pixels`,
    )
  })
}

/** What there is too little of in the set as a whole. */
export function sizeFindings(learned: number, unreadable: number): Finding[] {
  if (learned === 0) {
    const found = unreadable > 0 ? `none of ${unreadable} pictures can be read` : 'no picture'
    const message = `dataset: ${found}, at least one PNG, JPEG, WebP or AVIF expected`
    return [finding('empty-dataset', [], message, 'name the folder that holds the pictures')]
  }
  if (learned > 1) return []
  const message = 'dataset: 1 picture, 10 or more expected'
  return [finding('single-picture', [], message, 'one picture is learned by heart; add others')]
}

/** Fewer pictures than this are not judged as a set. */
const fewestForDiversity = 6
/** A small set need not count as more different pictures than this share of it. */
const leastShare = 0.45

/** Findings about how different pictures are; `paths` are those of the embeddings. */
export function diversityFindings(
  diversity: Diversity,
  paths: readonly string[],
  { minEffective }: DoctorOptions,
): Finding[] {
  const found: Finding[] = []
  const wanted = Math.min(minEffective, leastShare * paths.length)
  if (paths.length >= fewestForDiversity && diversity.effectiveNumber < wanted) {
    const counts = `count as ${diversity.effectiveNumber.toFixed(1)} different ones`
    const message = `dataset: ${paths.length} pictures ${counts}, ${wanted.toFixed(1)} expected`
    found.push(finding('low-diversity', [], message, adviceOf(diversity, paths)))
  }
  return [...found, ...diversity.outliers.map((index) => outlierFinding(paths[index]!))]
}

/** In a sentence, what the set seems to lack; it is told by looks, not by what is shown. */
export function adviceOf({ groups, effectiveNumber }: Diversity, paths: readonly string[]): string {
  const largest = groups[0]
  if (!largest || paths.length < fewestForDiversity) return ''
  if (largest.length * 2 <= paths.length || effectiveNumber * 2 > paths.length) return ''
  return (
    `${largest.length} of ${paths.length} pictures look alike in colours and outlines; ` +
    'pictures with another background, light, framing or pose may be missing'
  )
}

function outlierFinding(path: string): Finding {
  return finding(
    'outlier',
    [path],
    `${path}: unlike all others in manner and looks, a set of one kind expected`,
    'see whether it belongs to the set; if it does, more like it would help',
  )
}

/** Pictures without licence or source, together. */
export function rightsFindings(
  items: readonly DatasetItem[],
  { requireLicence }: DoctorOptions,
): Finding[] {
  const remedy = (field: string) => `give ${field} in metadata.jsonl or for the subset`
  const without = (field: 'licence' | 'source') =>
    items.filter((item) => !item[field]?.trim()).map(({ path }) => path)
  const [licence, source] = [without('licence'), without('source')]
  const found: Finding[] = []
  if (licence.length > 0) {
    const message = `licence: none for ${licence.length} of ${items.length} pictures, all expected`
    const severity = requireLicence ? 'error' : undefined
    found.push(finding('missing-licence', licence, message, remedy('licence'), severity))
  }
  if (source.length > 0) {
    const message = `source: none for ${source.length} of ${items.length} pictures, all expected`
    found.push(finding('missing-source', source, message, remedy('source')))
  }
  return found
}
