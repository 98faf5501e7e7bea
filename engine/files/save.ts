import { randomUUID } from 'node:crypto'
import { type FileHandle, link, mkdir, open, readdir, rename, rm, rmdir } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'
import { DeviceError, messageOf } from '../errors.ts'

/** What a file is made of: in one piece, or in pieces for one that does not fit into memory. */
export type FileBytes = Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>

/** Ending of files that are still being written; what is left of them after a crash is rubbish. */
export const unfinishedEnding = '.mazeru-unfinished'

/**
 * Writes a new file `prefix_00001_.png` for the path `prefix.png`, with the first number after
 * those that exist, and gives its path. An existing file is never touched, whoever else is
 * writing. The file appears whole or not at all. Throws a DeviceError for a full disk or a folder
 * that cannot be written to; folders made for the file go again then.
 */
export async function saveNumbered(path: string, bytes: FileBytes): Promise<string> {
  const folder = dirname(path)
  return writeBeside(folder, bytes, async (unfinished) => {
    let number = await nextNumber(path)
    while (true) {
      const target = numbered(path, number)
      if (await claim(unfinished, target)) return target
      number++
    }
  })
}

/** Writes a file whole or not at all, in place of one that exists. Throws as `saveNumbered`. */
export async function replaceFile(path: string, bytes: FileBytes): Promise<void> {
  await writeBeside(dirname(path), bytes, async (unfinished) => {
    await rename(unfinished, path)
    return path
  })
}

async function writeBeside(
  folder: string,
  bytes: FileBytes,
  finish: (unfinished: string) => Promise<string>,
): Promise<string> {
  const unfinished = join(folder, `.${randomUUID()}${unfinishedEnding}`)
  let made: string | undefined
  const count = { written: 0 }
  try {
    made = await mkdir(folder, { recursive: true })
    const handle = await open(unfinished, 'wx')
    try {
      for await (const piece of bytes instanceof Uint8Array ? [bytes] : bytes) {
        count.written += piece.length
        await writeAll(handle, piece)
      }
      await handle.sync()
    } finally {
      await handle.close()
    }
    const target = await finish(unfinished)
    await rm(unfinished, { force: true })
    await syncFolder(folder)
    return target
  } catch (cause) {
    await rm(unfinished, { force: true }).catch(() => undefined)
    if (made !== undefined) await removeEmpty(folder, made)
    throw explained(cause, folder, count.written)
  }
}

async function writeAll(handle: FileHandle, piece: Uint8Array): Promise<void> {
  let at = 0
  while (at < piece.length) {
    // Linux writes at most 2 GiB less a page at once.
    at += (await handle.write(piece, at, Math.min(piece.length - at, 2 ** 30))).bytesWritten
  }
}

/** Gives a finished file its name, unless that is taken: then false. */
async function claim(unfinished: string, target: string): Promise<boolean> {
  try {
    await link(unfinished, target)
    return true
  } catch (cause) {
    const code = codeOf(cause)
    if (code === 'EEXIST') return false
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(code)) throw cause
  }
  // Without hard links, an empty file of the name keeps others away from it.
  try {
    await (await open(target, 'wx')).close()
  } catch (cause) {
    if (codeOf(cause) === 'EEXIST') return false
    throw cause
  }
  try {
    await rename(unfinished, target)
  } catch (cause) {
    await rm(target, { force: true })
    throw cause
  }
  return true
}

async function nextNumber(path: string): Promise<number> {
  const { stem, ending } = split(path)
  let last = 0
  for (const entry of await readdir(dirname(path))) {
    if (!entry.startsWith(`${stem}_`) || !entry.endsWith(`_${ending}`)) continue
    const digits = entry.slice(stem.length + 1, entry.length - ending.length - 1)
    if (/^\d{5,15}$/.test(digits)) last = Math.max(last, Number(digits))
  }
  return last + 1
}

function numbered(path: string, number: number): string {
  const { stem, ending } = split(path)
  return join(dirname(path), `${stem}_${String(number).padStart(5, '0')}_${ending}`)
}

function split(path: string): { stem: string; ending: string } {
  const ending = extname(path)
  return { stem: basename(path, ending), ending }
}

/** Makes the new name last; not every system lets a folder be opened for that. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r')
    await handle.sync().finally(() => handle.close())
  } catch {
    // The file itself is safe; after a crash of the machine its name may be missing.
  }
}

/** Removes folders from `folder` up to `topmost` as long as they are empty. */
async function removeEmpty(folder: string, topmost: string): Promise<void> {
  let current = folder
  while (current.length >= topmost.length) {
    if (
      !(await rmdir(current).then(
        () => true,
        () => false,
      ))
    )
      return
    current = dirname(current)
  }
}

const fullCodes = ['ENOSPC', 'EDQUOT']
const refusedCodes = ['EROFS', 'EACCES', 'EPERM', 'ENOTDIR', 'EEXIST', 'ENAMETOOLONG']

function explained(cause: unknown, folder: string, bytes: number): unknown {
  const code = codeOf(cause)
  if (fullCodes.includes(code)) {
    return new DeviceError(
      `${folder}: ${bytes} bytes do not fit, the disk is full; free some space or choose another folder`,
      { cause },
    )
  }
  if (refusedCodes.includes(code)) {
    return new DeviceError(
      `${folder}: ${bytes} bytes cannot be written here (${messageOf(cause)}), a writable folder expected`,
      { cause },
    )
  }
  return cause
}

function codeOf(thrown: unknown): string {
  return (thrown as NodeJS.ErrnoException).code ?? ''
}
