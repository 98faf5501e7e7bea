import { type FormatError, messageOf, WorkflowError } from '../../errors.ts'
import type { RunFolder } from '../../files/run-folder.ts'
import type { LoggedStep } from '../result.ts'
import { decodeState, type Plain, type RunIdentity, type RunState } from './state.ts'

/** What a run that begins must agree with. */
export interface ResumeRequest {
  readonly name: string
  readonly identity: RunIdentity
  readonly settings: Readonly<Record<string, Plain>>
}

/** The last good state and the log up to it. */
export interface Resumed {
  readonly state: RunState
  readonly log: readonly LoggedStep[]
  /** Newer states that could not be read. */
  readonly warnings: readonly string[]
}

/**
 * The newest state of a folder that can be read, with the log cut to its step. Undefined where
 * there is none; then the log is empty. Throws a WorkflowError where the state belongs to another
 * model or to other settings, and says which.
 */
export async function resumeRun(
  folder: RunFolder,
  request: ResumeRequest,
): Promise<Resumed | undefined> {
  const warnings: string[] = []
  for (const step of await folder.states()) {
    const state = await readState(folder, step, warnings)
    if (!state) continue
    refuseOther(request, state)
    return { state, log: await logOf(folder, state.step), warnings }
  }
  if (warnings.length > 0) {
    throw new WorkflowError(
      `training "${request.name}": no state can be read (${warnings.join('; ')}), one expected; set resume to restart to begin anew`,
    )
  }
  await folder.beginLog(0)
  return undefined
}

async function readState(
  folder: RunFolder,
  step: number,
  warnings: string[],
): Promise<RunState | undefined> {
  const file = `state of step ${step}`
  try {
    return decodeState(file, await folder.readState(step))
  } catch (cause) {
    warnings.push(messageOf(cause as FormatError))
    return undefined
  }
}

async function logOf(folder: RunFolder, step: number): Promise<LoggedStep[]> {
  const lines = await folder.beginLog(step)
  return lines.map((line) => JSON.parse(line) as LoggedStep)
}

const networks = { unet: 'U-Net', textEncoder: 'text encoder', vae: 'VAE' } as const

function refuseOther({ name, identity, settings }: ResumeRequest, state: RunState): void {
  const other = Object.keys(networks).filter((key) => {
    return identity[key as keyof RunIdentity] !== state.identity[key as keyof RunIdentity]
  }) as (keyof typeof networks)[]
  if (other.length > 0) {
    const which = other.map((key) => networks[key]).join(' and ')
    throw new WorkflowError(
      `training "${name}": its state is of ${state.identity.model} and has another ${which}, ${identity.model} expected; choose another name or set resume to restart`,
    )
  }
  const changed = changedSettings(state.settings, settings)
  if (changed.length === 0) return
  throw new WorkflowError(
    `training "${name}": ${changed.join(', ')} since its state was saved, the same settings expected; set them back, choose another name or set resume to restart`,
  )
}

/** `networkDim is 8 and was 4` for every setting that differs, by name. */
export function changedSettings(
  before: Readonly<Record<string, Plain>>,
  now: Readonly<Record<string, Plain>>,
): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])].sort()
  return names.flatMap((name) => {
    const [was, is] = [shown(before[name]), shown(now[name])]
    return was === is ? [] : [`${name} is ${is} and was ${was}`]
  })
}

const longestShown = 60

function shown(value: Plain | undefined): string {
  if (value === undefined || value === null) return 'not set'
  const text = JSON.stringify(value)
  return text.length <= longestShown ? text : `${text.slice(0, longestShown)}…`
}
