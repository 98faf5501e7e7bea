import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { FormatError, messageOf } from '../../errors.ts'
import { listPlace } from '../../files/places.ts'
import { unfinishedEnding } from '../../files/save.ts'
import { parseWorkflow, type Workflow } from '../../workflow/index.ts'

/** Ending of workflow files. */
export const ending = '.json'

/** Largest workflow file that is read; one of 20,000 nodes has a third of it. */
const maxBytes = 32 * 2 ** 20

/** What tells one state of a file from another. */
export interface Stamp {
  readonly text: string
  readonly bytes: number
  /** Milliseconds since 1970. */
  readonly modified: number
}

/** A file's text and what it means. */
export interface Content {
  readonly text: string
  /** Absent where it is no workflow: `fault` says why. */
  readonly workflow?: Workflow
  readonly fault?: unknown
}

/** The stamp of a file; undefined where there is none. */
export async function stampOf(path: string): Promise<Stamp | undefined> {
  const found = await stat(path, { bigint: true }).catch(() => undefined)
  if (!found?.isFile()) return undefined
  const text = `${found.size}-${found.mtimeNs}-${found.ino}`
  return { text, bytes: Number(found.size), modified: Number(found.mtimeMs) }
}

/** Reads a workflow file. Never throws for what is in it. */
export async function readContent(path: string, name: string, stamp: Stamp): Promise<Content> {
  if (stamp.bytes > maxBytes) {
    const limit = `at most ${maxBytes} can be read`
    const fault = new FormatError(`${name}: file has ${stamp.bytes} bytes, ${limit}`)
    return { text: `too large: ${stamp.text}`, fault }
  }
  const bytes = await readFile(path)
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return contentOf(text, name)
  } catch (cause) {
    const fault = new FormatError(`${name}: not UTF-8 (${messageOf(cause)}), JSON expected`)
    return { text: bytes.toString('latin1'), fault }
  }
}

/** What a text means. */
export function contentOf(text: string, name: string): Content {
  try {
    return { text, workflow: parseWorkflow(text, name) }
  } catch (fault) {
    return { text, fault }
  }
}

/** Names of the workflow files below a folder, without their ending. */
export async function documentNames(folder: string): Promise<string[]> {
  const files = await listPlace({ folder, except: new Set() }, [ending])
  const named = files.filter((file) => file.endsWith(ending))
  return named.map((file) => file.slice(0, -ending.length))
}

/** Removes what a killed process left half written. */
export async function dropUnfinished(folder: string): Promise<void> {
  const files = await readdir(folder, { recursive: true }).catch(() => [])
  for (const file of files) {
    if (file.endsWith(unfinishedEnding)) await rm(join(folder, file), { force: true })
  }
}
