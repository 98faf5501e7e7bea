import { type FileHandle, open, readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { FormatError } from '../../errors.ts'
import { readPngText } from '../../formats/png-text.ts'

/** The key under which pictures made here carry their workflow. */
const keyword = 'mazeru'

/** Largest picture that is read to its end for a text behind its pixels. */
const maxBytes = 2 ** 28
/** Chunks before the pixels that are looked at, and bytes in them. */
const most = { chunks: 1000, bytes: 2 ** 25 }

/**
 * The workflow that a PNG carries, as JSON; undefined for another kind of picture and for one
 * without. Throws a FormatError for a broken one.
 */
export async function embeddedWorkflow(path: string): Promise<unknown> {
  const handle = await open(path, 'r')
  try {
    const { size } = await handle.stat()
    const head = await headOf(handle, size)
    if (!head) return undefined
    const found = textIn(basename(path), head)
    if (found !== undefined || size > maxBytes) return found
  } finally {
    await handle.close()
  }
  return textIn(basename(path), await readFile(path))
}

/** As `embeddedWorkflow`, but reads only what stands before the pixels, and never throws. */
export async function quickWorkflow(path: string): Promise<unknown> {
  const handle = await open(path, 'r').catch(() => undefined)
  try {
    const head = handle && (await headOf(handle, (await handle.stat()).size))
    return head && textIn(basename(path), head)
  } catch {
    return undefined
  } finally {
    await handle?.close()
  }
}

function textIn(file: string, bytes: Uint8Array): unknown {
  const found = readPngText(file, bytes).find((text) => text.keyword === keyword)
  if (!found) return undefined
  try {
    return JSON.parse(found.text)
  } catch (cause) {
    throw new FormatError(`${file}: its workflow is no JSON, a workflow expected`, { cause })
  }
}

/** A PNG up to its pixels, closed as if it ended there; undefined where it is no PNG. */
async function headOf(handle: FileHandle, size: number): Promise<Uint8Array | undefined> {
  const piece = Buffer.alloc(8)
  const read = (position: number) => handle.read(piece, 0, 8, position)
  await read(0)
  if (piece.toString('latin1') !== '\x89PNG\r\n\x1a\n') return undefined
  let end = 8
  for (let chunk = 0; chunk < most.chunks && end < size && end < most.bytes; chunk++) {
    if ((await read(end)).bytesRead < 8) break
    if (piece.toString('latin1', 4, 8) === 'IDAT') break
    end += 12 + piece.readUInt32BE(0)
  }
  const bytes = Buffer.alloc(Math.min(end, size, most.bytes) + 12)
  await handle.read(bytes, 0, bytes.length - 12, 0)
  bytes.set([0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82], bytes.length - 12)
  return bytes
}
