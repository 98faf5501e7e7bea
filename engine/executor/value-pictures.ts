import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ValuePictures } from './types.ts'

/**
 * Pictures of values on wires: `FOLDER/RUN/NODE.OUTPUT.INDEX.webp`. All of it may be deleted.
 */

/** Keeps pictures of values within a limit of bytes. */
export interface ValueKeeper {
  /** Writes the pictures of one output and gives how many are kept; never rejects. */
  keep(run: string, node: string, output: string, pictures: readonly Uint8Array[]): Promise<number>
  /** Drops the oldest runs until all are within the limit; this run stays. */
  trim(run: string): Promise<void>
}

/** Opens the folder for reading. No name leads out of it. */
export function openValuePictures(folder: string): ValuePictures {
  return {
    async get(run, node, output, index) {
      if (!Number.isInteger(index) || index < 0) return undefined
      const path = join(folder, plain(run), fileName(node, output, index))
      return readFile(path).catch(() => undefined)
    },
  }
}

/** Opens the folder for writing, by one process. A disk that is full only costs the pictures. */
export function openValueKeeper(folder: string, maxBytes: number): ValueKeeper {
  return {
    async keep(run, node, output, pictures) {
      const place = join(folder, plain(run))
      try {
        await mkdir(place, { recursive: true })
        for (const [index, bytes] of pictures.entries()) {
          const path = join(place, fileName(node, output, index))
          await writeFile(`${path}.part`, bytes)
          await rename(`${path}.part`, path)
        }
        return pictures.length
      } catch {
        return 0
      }
    },
    async trim(run) {
      const runs = await runsOf(folder)
      let total = runs.reduce((sum, { bytes }) => sum + bytes, 0)
      for (const { name, bytes } of runs) {
        if (total <= maxBytes) return
        if (name === plain(run)) continue
        await rm(join(folder, name), { recursive: true, force: true }).catch(() => undefined)
        total -= bytes
      }
    },
  }
}

/** Runs with pictures, the oldest first. */
async function runsOf(folder: string) {
  const names = await readdir(folder).catch(() => [])
  const runs = await Promise.all(
    names.map(async (name) => {
      const files = await readdir(join(folder, name)).catch(() => [])
      const found = await Promise.all(
        files.map((file) => stat(join(folder, name, file)).catch(() => undefined)),
      )
      const bytes = found.reduce((sum, file) => sum + (file?.size ?? 0), 0)
      const { mtimeMs } = (await stat(join(folder, name)).catch(() => undefined)) ?? { mtimeMs: 0 }
      return { name, bytes, modified: mtimeMs }
    }),
  )
  return runs.sort((a, b) => a.modified - b.modified)
}

function fileName(node: string, output: string, index: number): string {
  return `${plain(node)}.${plain(output)}.${index}.webp`
}

/** A name without separators and dots; a long one by its digest. */
function plain(name: string): string {
  const safe = encodeURIComponent(name.toWellFormed()).replaceAll('.', '%2E').replaceAll('*', '%2A')
  return safe.length <= 100 ? safe : createHash('sha256').update(name).digest('hex')
}
