import { readFile } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { messageOf, WorkflowError } from '../errors.ts'
import { readPngText } from '../formats/png-text.ts'
import type { Shell } from './shell.ts'

/** The text of a workflow and where it stands. */
export interface WorkflowSource {
  /** For messages: the name as given, or `stdin`. */
  name: string
  text: string
  /** Absolute path of the file; absent for stdin. */
  path?: string
}

/** The keyword of the PNG text that holds the workflow a picture was made with. */
export const pictureKeyword = 'mazeru'

/**
 * Reads `-` (stdin), a workflow file, or a picture that carries its workflow.
 * Throws WorkflowError where it cannot be read or carries none.
 */
export async function readSource(file: string, shell: Shell): Promise<WorkflowSource> {
  const name = file === '-' ? 'stdin' : file
  const path = file === '-' ? undefined : resolve(shell.place.folder, file)
  const bytes = path ? await readBytes(file, path) : await collect(shell.stdin)
  const text = isPng(bytes) ? workflowOfPicture(name, bytes) : decode(name, bytes)
  return path ? { name, text, path } : { name, text }
}

async function readBytes(file: string, path: string): Promise<Uint8Array> {
  try {
    return await readFile(path)
  } catch (cause) {
    throw new WorkflowError(`${file}: ${reason(cause)}`, { cause })
  }
}

function reason(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  if (code === 'ENOENT') return 'no such file, a workflow expected'
  if (code === 'EISDIR') return 'a folder, a workflow file expected'
  if (code === 'EACCES') return 'may not be read'
  return messageOf(cause)
}

async function collect(stream: Shell['stdin']): Promise<Uint8Array> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(Buffer.from(chunk as Uint8Array))
  return Buffer.concat(chunks)
}

function decode(name: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new WorkflowError(`${name}: not UTF-8 text, a workflow expected`, { cause })
  }
}

function isPng(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, 4)).equals(Buffer.from([0x89, 0x50, 0x4e, 0x47]))
}

function workflowOfPicture(name: string, bytes: Uint8Array): string {
  const texts = pictureTexts(name, bytes)
  const found = texts.findLast(({ keyword }) => keyword === pictureKeyword)
  if (found) return found.text
  const others = texts.map(({ keyword }) => keyword).join(', ')
  throw new WorkflowError(
    `${basename(name)}: carries ${others || 'no text'}, a text "${pictureKeyword}" expected`,
  )
}

function pictureTexts(name: string, bytes: Uint8Array): { keyword: string; text: string }[] {
  try {
    return readPngText(name, bytes)
  } catch (cause) {
    throw new WorkflowError(messageOf(cause), { cause })
  }
}
