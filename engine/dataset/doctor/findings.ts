/** How much a finding matters: an error spoils the training, a note is worth knowing. */
export type Severity = 'error' | 'warning' | 'note'

/** What is told of each kind of finding. */
interface KindEntry {
  /** Two letters, for the contact sheet. */
  readonly code: string
  readonly severity: Severity
  readonly title: string
}

/** Every kind of finding, in the order of the legend. */
export const findingKinds = {
  'empty-dataset': { code: '00', severity: 'error', title: 'no picture' },
  unreadable: { code: 'UR', severity: 'error', title: 'cannot be read' },
  'single-picture': { code: '01', severity: 'warning', title: 'one picture only' },
  'exact-duplicate': { code: 'ED', severity: 'warning', title: 'same file again' },
  'near-duplicate': { code: 'ND', severity: 'warning', title: 'same picture again' },
  blurred: { code: 'BL', severity: 'warning', title: 'blurred' },
  blank: { code: 'BK', severity: 'warning', title: 'nothing to see' },
  'low-resolution': { code: 'LR', severity: 'warning', title: 'too few pixels' },
  'extreme-aspect': { code: 'EA', severity: 'warning', title: 'long and narrow' },
  'crop-loss': { code: 'CL', severity: 'warning', title: 'much is cut off' },
  'ignored-alpha': { code: 'IA', severity: 'warning', title: 'transparency is lost' },
  'opaque-alpha': { code: 'OA', severity: 'note', title: 'alpha says nothing' },
  'missing-caption': { code: 'MC', severity: 'warning', title: 'no caption' },
  'empty-caption': { code: 'EC', severity: 'warning', title: 'empty caption' },
  'long-caption': { code: 'LC', severity: 'warning', title: 'endless caption' },
  'caption-tokens': { code: 'CT', severity: 'note', title: 'end of caption unread' },
  imbalance: { code: 'IB', severity: 'note', title: 'shown too seldom' },
  'low-diversity': { code: 'LD', severity: 'warning', title: 'all alike' },
  outlier: { code: 'OU', severity: 'note', title: 'unlike all others' },
  'missing-licence': { code: 'LI', severity: 'note', title: 'no licence' },
  'missing-source': { code: 'SO', severity: 'note', title: 'no source' },
} as const satisfies Record<string, KindEntry>

/** The name of a kind of finding. */
export type FindingKind = keyof typeof findingKinds

/** One thing that the doctor found. */
export interface Finding {
  readonly kind: FindingKind
  readonly severity: Severity
  /** The pictures that it is about, below the dataset's folder; empty for the set as a whole. */
  readonly paths: readonly string[]
  /** What was found and what was expected. */
  readonly message: string
  /** What to do about it. */
  readonly remedy: string
}

/** A finding of the kind's own severity, unless another is given. */
export function finding(
  kind: FindingKind,
  paths: readonly string[],
  message: string,
  remedy: string,
  severity: Severity = findingKinds[kind].severity,
): Finding {
  return { kind, severity, paths, message, remedy }
}

/** Severities, the worst first. */
export const severities = ['error', 'warning', 'note'] as const satisfies readonly Severity[]

/** The worst severity among findings. */
export function worstOf(findings: readonly Finding[]): Severity | undefined {
  return severities.find((severity) => findings.some((found) => found.severity === severity))
}
