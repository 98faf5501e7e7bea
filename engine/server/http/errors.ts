import { DeviceError, FormatError, isUserError, messageOf, WorkflowError } from '../../errors.ts'
import type { Problem } from '../../workflow/index.ts'
import { StaleError } from '../documents/stale-error.ts'

/** A request that is answered with this status and sentence. */
export class HttpError extends Error {
  override readonly name = 'HttpError'
  readonly status: number
  /** Goes into the answer beside the sentence. */
  readonly details: Readonly<Record<string, unknown>>
  readonly headers: Readonly<Record<string, string>>

  constructor(
    status: number,
    message: string,
    details: Readonly<Record<string, unknown>> = {},
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message)
    this.status = status
    this.details = details
    this.headers = headers
  }
}

/** Answers that something is not there: `run: "x", an existing one expected`. */
export function notFound(kind: string, name: string): HttpError {
  const shown = JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}…` : name)
  return new HttpError(404, `${kind}: no ${shown}, the name of an existing one expected`)
}

/** Answers that a workflow cannot run, with everything that is wrong with it. */
export function refusedWorkflow(problems: readonly Problem[]): HttpError {
  const first = problems[0]?.message ?? 'it cannot run'
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : ''
  return new HttpError(422, `${first}${more}`, { problems })
}

/** How something thrown is answered. */
export interface Refusal {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
  readonly headers: Readonly<Record<string, string>>
  /** True for a bug: it belongs into the log, and the answer tells nothing of it. */
  readonly isBug: boolean
}

const systemErrors: Readonly<Record<string, { status: number; sentence: string }>> = {
  ENOSPC: { status: 507, sentence: 'disk: full, free space expected; remove something first' },
  EDQUOT: { status: 507, sentence: 'disk: quota used up, free space expected' },
  EROFS: { status: 507, sentence: 'disk: read-only, a folder that can be written expected' },
  EACCES: { status: 403, sentence: 'file: may not be reached, permission for mazeru expected' },
  EPERM: { status: 403, sentence: 'file: may not be changed, permission for mazeru expected' },
  EMFILE: { status: 503, sentence: 'system: no further file can be opened; try again later' },
  ERR_SQLITE_ERROR: {
    status: 503,
    sentence: 'database: cannot be read or written, a sound and free one expected; try again',
  },
}

/** The answer to a request in which `thrown` was thrown. Never a stack. */
export function refusalOf(thrown: unknown): Refusal {
  const plain = { headers: {}, isBug: false }
  if (thrown instanceof HttpError) {
    const body = { error: thrown.message, ...thrown.details }
    return { status: thrown.status, body, headers: thrown.headers, isBug: false }
  }
  if (thrown instanceof StaleError) {
    const document = thrown.present ?? null
    return { ...plain, status: 409, body: { error: thrown.message, document } }
  }
  if (thrown instanceof WorkflowError || thrown instanceof FormatError) {
    return { ...plain, status: 422, body: { error: messageOf(thrown) } }
  }
  if (thrown instanceof DeviceError) {
    return { ...plain, status: 503, body: { error: messageOf(thrown) } }
  }
  if (isUserError(thrown)) return { ...plain, status: 409, body: { error: messageOf(thrown) } }
  const code = (thrown as NodeJS.ErrnoException | undefined)?.code
  const known = code && Object.hasOwn(systemErrors, code) ? systemErrors[code] : undefined
  if (known) {
    return { headers: {}, isBug: true, status: known.status, body: { error: known.sentence } }
  }
  const sentence = 'server: something went wrong that should not; its log says what'
  return { headers: {}, isBug: true, status: 500, body: { error: sentence } }
}
