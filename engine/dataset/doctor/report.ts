import type { Finding, FindingKind, Severity } from './findings.ts'
import type { CropBox } from './framing.ts'

/**
 * What the doctor says of a set, as plain data: this is the JSON of `mazeru dataset check --json`
 * and of the node. Fields are only added; a change of meaning raises `version`.
 */
export interface DoctorReport {
  readonly version: 1
  /** Width and height that the set is trained at. */
  readonly resolution: readonly [number, number]
  readonly counts: {
    readonly pictures: number
    readonly regularisation: number
    readonly errors: number
    readonly warnings: number
    readonly notes: number
  }
  /** In the order of the dataset; what cannot be read comes last. */
  readonly pictures: readonly PictureReport[]
  /** Errors first, then warnings, then notes. */
  readonly findings: readonly Finding[]
  readonly balance: BalanceReport
  readonly diversity: DiversityReport
}

/** One picture of a report. */
export interface PictureReport {
  readonly path: string
  readonly width: number
  readonly height: number
  /** Size it is trained at. */
  readonly bucket: readonly [number, number]
  /** What of the file is trained on, in its pixels. */
  readonly crop: CropBox
  /** Share cut off, 0 to 1. */
  readonly lost: number
  /** Times it is enlarged, 1 where it is not. */
  readonly enlarged: number
  /** Width of its sharper edges in pixels at training size; null where it has too few edges. */
  readonly edgeWidth: number | null
  readonly tokens: number
  readonly repeats: number
  readonly suggestedRepeats: number
  /** Number of its group in `diversity.groups`; null for a regularisation picture. */
  readonly group: number | null
  readonly worst: Severity | null
  readonly findings: readonly FindingKind[]
}

/** What captions name, and how evenly. */
export interface BalanceReport {
  /** The most frequent, at most 100. */
  readonly tags: readonly NamedShare[]
  readonly uneven: readonly { readonly name: string; readonly values: readonly NamedShare[] }[]
  /** Only where it is another number than now. */
  readonly suggestedRepeats: Readonly<Record<string, number>>
}

/** A tag, the number of pictures and the share of an epoch that show it. */
export interface NamedShare {
  readonly tag: string
  readonly pictures: number
  readonly share: number
}

/** How different the pictures look: colours, light, composition, outlines; not what is shown. */
export interface DiversityReport {
  /** As how many wholly different pictures the set counts. */
  readonly effectiveNumber: number
  /** Groups of alike pictures, the largest first. */
  readonly groups: readonly (readonly string[])[]
  /** How well the groups stand apart, 0 for one group. */
  readonly silhouette: number
  readonly outliers: readonly string[]
  /** In a sentence, what the set seems to lack; empty where nothing is to be said. */
  readonly advice: string
}
