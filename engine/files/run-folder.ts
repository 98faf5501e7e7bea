import { mkdir, open, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DeviceError, messageOf, WorkflowError } from '../errors.ts'
import { safeName } from './names.ts'
import { lockFolder } from './run-lock.ts'
import { replaceFile, unfinishedEnding } from './save.ts'

/**
 * The disk of one training run: `training/NAME/` below the output folder, with states from which
 * the run can go on, weights, a log of one line a step, samples. Held by one process at a time.
 */
export interface RunFolder {
  readonly name: string
  /** Absolute. */
  readonly path: string
  /** Steps of which a state is there, the newest first. */
  states(): Promise<number[]>
  readState(step: number): Promise<Uint8Array>
  /** Whole or not at all: the state that was there before stays until the new one is safe. */
  writeState(step: number, bytes: Uint8Array): Promise<void>
  removeState(step: number): Promise<void>
  /**
   * Cuts the log to the lines whose `step` is at most this one and gives these. A line that a
   * killed process left unfinished is dropped. Later lines follow.
   */
  beginLog(step: number): Promise<string[]>
  /** One line, without its end. The caller syncs where it must be safe. */
  appendLog(line: string): Promise<void>
  syncLog(): Promise<void>
  /** Writes `samples/a.png` whole or not at all; gives its absolute path. */
  write(name: string, bytes: Uint8Array): Promise<string>
  /** Undefined where there is no such file. */
  read(name: string): Promise<Uint8Array | undefined>
  remove(name: string): Promise<void>
  /** Names of the files in it, not below, sorted. */
  list(): Promise<string[]>
  /** Lets the next process in. */
  close(): Promise<void>
  /** The same, and leaves nothing of the folder. */
  discard(): Promise<void>
}

/** Name of the log in a run's folder: JSON lines, one an optimizer step. */
export const logName = 'log.jsonl'

/**
 * Opens the folder of a run, and makes it where there is none. Throws a WorkflowError where a
 * running process holds it; the lock of a process that is gone is taken over.
 */
export async function openRunFolder(outputFolder: string, name: string): Promise<RunFolder> {
  const path = join(outputFolder, 'training', safeName('training', name))
  const unlock = await onDisk(path, async () => {
    await mkdir(join(path, stateFolder), { recursive: true })
    return lockFolder(path, ({ pid, since }) => {
      throw new WorkflowError(
        `training "${name}": process ${pid} has been writing into it since ${since}, a folder that no run holds expected; stop that run or choose another name`,
      )
    })
  })
  await dropUnfinished(path)
  let log: Awaited<ReturnType<typeof open>> | undefined
  const file = (inner: string) => join(path, safeName('training', inner))
  async function close(): Promise<void> {
    await log?.close()
    log = undefined
    await unlock()
  }

  return {
    name,
    path,
    async states() {
      const found = await readdir(join(path, stateFolder))
      const steps = found.flatMap((entry) => {
        const [, digits] = /^(\d{8,})\.safetensors$/.exec(entry) ?? []
        return digits === undefined ? [] : [Number(digits)]
      })
      return steps.sort((a, b) => b - a)
    },
    readState: (step) => readFile(join(path, stateName(step))),
    writeState: (step, bytes) => replaceFile(join(path, stateName(step)), bytes),
    removeState: (step) => rm(join(path, stateName(step)), { force: true }),
    async beginLog(step) {
      await log?.close()
      const text = await readFile(join(path, logName), 'utf8').catch(() => '')
      const kept = text.split('\n').filter((line) => (stepOf(line) ?? step + 1) <= step)
      await replaceFile(join(path, logName), Buffer.from(kept.map((line) => `${line}\n`).join('')))
      log = await open(join(path, logName), 'a')
      return kept
    },
    async appendLog(line) {
      await onDisk(path, async () => log?.appendFile(`${line}\n`))
    },
    async syncLog() {
      await onDisk(path, async () => log?.sync())
    },
    async write(inner, bytes) {
      await replaceFile(file(inner), bytes)
      return file(inner)
    },
    read: (inner) => readFile(file(inner)).catch(() => undefined),
    remove: (inner) => rm(file(inner), { force: true }),
    async list() {
      const entries = await readdir(path, { withFileTypes: true })
      const files = entries.filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
      return files.map((entry) => entry.name).sort()
    },
    close,
    async discard() {
      await close()
      await rm(path, { recursive: true, force: true })
    },
  }
}

const stateFolder = 'state'

function stateName(step: number): string {
  return join(stateFolder, `${String(step).padStart(8, '0')}.safetensors`)
}

/** Says in the user's words what a disk refuses. */
async function onDisk<Value>(path: string, act: () => Promise<Value>): Promise<Value> {
  try {
    return await act()
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === undefined) throw cause
    const full = code === 'ENOSPC' || code === 'EDQUOT'
    const what = full
      ? 'no space is left on the disk, some expected; free some or choose another folder'
      : `cannot be written to (${messageOf(cause)}), a writable folder expected`
    throw new DeviceError(`${path}: ${what}`, { cause })
  }
}

function stepOf(line: string): number | undefined {
  try {
    return JSON.parse(line).step
  } catch {
    return undefined
  }
}

/** The lock is held, so what is unfinished was left by a process that is gone. */
async function dropUnfinished(path: string): Promise<void> {
  for (const folder of [path, join(path, stateFolder)]) {
    for (const name of await readdir(folder)) {
      if (name.endsWith(unfinishedEnding)) await rm(join(folder, name), { force: true })
    }
  }
}
