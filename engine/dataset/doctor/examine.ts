import { isUserError, messageOf } from '../../errors.ts'
import { bucketSizes, fitPicture } from '../buckets.ts'
import type { Dataset, DatasetItem } from '../settings.ts'
import { withoutEnding } from '../subsets.ts'
import { type BalancedPicture, balanceOf } from './balance.ts'
import { tokensOf } from './captions.ts'
import { diversityOf } from './diversity.ts'
import { type Finding, finding, severities } from './findings.ts'
import { type Measured, measurePicture } from './measure.ts'
import { type DoctorInput, type DoctorOptions, doctorSchema } from './options.ts'
import { type PictureFacts, pictureFindings } from './picture-findings.ts'
import type { DoctorReport } from './report.ts'
import {
  balanceReport,
  diversityReport,
  findingsByPath,
  pictureReport,
  unreadReports,
} from './report-parts.ts'
import * as set from './set-findings.ts'

/** A report with the small pictures that a contact sheet is drawn of, by path. */
export interface Examination {
  readonly report: DoctorReport
  readonly thumbnails: ReadonlyMap<string, Measured['thumbnail']>
}

/** What the doctor is given beside the dataset. */
export interface ExamineOptions extends DoctorInput {
  /** What could not even be read into the dataset. */
  readonly unreadable?: readonly Finding[]
  /** Told after every picture. */
  readonly onPicture?: (done: number, total: number) => void
}

/**
 * Looks at every picture and caption of a dataset. One picture at a time is in memory; what is kept
 * of each is some 100 KB. Pictures that cannot be decoded become findings.
 */
export async function examineDataset(
  dataset: Dataset,
  { unreadable = [], onPicture, ...limits }: ExamineOptions = {},
): Promise<Examination> {
  const options = doctorSchema.parse(limits)
  const { seen, faults } = await readPictures(dataset, onPicture)
  const learned = seen.filter(({ item }) => !item.isRegularisation)
  const paths = learned.map(({ item }) => item.path)
  const balanced = learned.map(asBalanced)
  const balance = balanceOf(balanced, options)
  const looks = learned.map(({ measured }) => measured.look)
  const diversity = diversityOf(looks, options.seed)
  const broken = [...unreadable, ...faults]
  const findings = sorted([
    ...broken,
    ...set.sizeFindings(learned.length, broken.length),
    ...seen.flatMap((facts) => pictureFindings(facts, dataset.settings, options)),
    ...setFindings(dataset, seen, options),
    ...balance.findings,
    ...set.diversityFindings(diversity, paths, options),
  ])
  const notes = {
    findings: findingsByPath(findings),
    groups: new Map(diversity.groups.flatMap((group, n) => group.map((i) => [paths[i]!, n]))),
    suggested: new Map(paths.map((path, i) => [path, balance.suggestedRepeats[i]!])),
  }
  const read = new Set(seen.map(({ item }) => item.path))
  const pictures = [
    ...seen.map((facts) => pictureReport(facts, notes)),
    ...unreadReports(dataset, read, notes),
  ]
  const count = (severity: string) => findings.filter((one) => one.severity === severity).length
  return {
    report: {
      version: 1,
      resolution: dataset.settings.resolution,
      counts: {
        pictures: pictures.length,
        regularisation: seen.length - learned.length,
        errors: count('error'),
        warnings: count('warning'),
        notes: count('note'),
      },
      pictures,
      findings,
      balance: balanceReport(balance, balanced),
      diversity: diversityReport(diversity, paths),
    },
    thumbnails: new Map(seen.map(({ item, measured }) => [item.path, measured.thumbnail])),
  }
}

async function readPictures(dataset: Dataset, onPicture: ExamineOptions['onPicture']) {
  const { items, settings, source } = dataset
  const sizes = bucketSizes(settings)
  const files = new Set((await source.list()).map(({ path }) => path))
  const seen: PictureFacts[] = []
  const faults: Finding[] = []
  for (const [index, item] of items.entries()) {
    const fit = fitPicture(item, settings, sizes)
    try {
      const measured = await measurePicture(item.path, await source.read(item.path), fit)
      seen.push({ item, fit, measured, caption: captionFacts(item, files) })
    } catch (cause) {
      if (!isUserError(cause)) throw cause
      faults.push(unreadableFinding(item.path, cause))
    }
    onPicture?.(index + 1, items.length)
  }
  return { seen, faults }
}

/** The finding for what a FormatError was thrown about. */
export function unreadableFinding(path: string, cause: unknown): Finding {
  return finding('unreadable', [path], messageOf(cause), 'save it anew, or leave it out')
}

function setFindings(
  { items }: Dataset,
  seen: readonly PictureFacts[],
  options: DoctorOptions,
): Finding[] {
  return [
    ...set.exactDuplicates(items),
    ...set.nearDuplicates(seen),
    ...set.rightsFindings(items, options),
  ]
}

function captionFacts(item: DatasetItem, files: ReadonlySet<string>) {
  const { path, caption, subset } = item
  const hasCaption = caption.trim() !== '' || hasCaptionFile(path, subset, files)
  return { path, caption, hasCaption, tokens: tokensOf(caption) }
}

/** Whether a caption file lies beside a picture, be it an empty one. */
function hasCaptionFile(
  picture: string,
  { captionExtensions }: DatasetItem['subset'],
  files: ReadonlySet<string>,
): boolean {
  const endings = captionExtensions.map((ending) => `.${ending.replace(/^\./, '')}`)
  const stems = [withoutEnding(picture), picture]
  return endings.some((ending) => stems.some((stem) => files.has(stem + ending)))
}

function asBalanced({ item }: PictureFacts): BalancedPicture {
  const { path, caption, repeats, subset } = item
  return {
    ...{ path, caption, repeats, folder: subset.imageDir },
    separator: subset.captionSeparator,
  }
}

function sorted(findings: readonly Finding[]): Finding[] {
  const rank = ({ severity }: Finding) => severities.indexOf(severity)
  return findings.toSorted((a, b) => rank(a) - rank(b))
}
