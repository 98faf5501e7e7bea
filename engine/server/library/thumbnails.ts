import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** Bytes of small pictures that are kept: some 25,000 of them. They are drawn again when wanted. */
export const mostThumbnailBytes = 512 * 2 ** 20

/** Small pictures drawn between two looks at how many there are. */
export const trimEvery = 1000

/** Removes the oldest files below a folder until the rest is within the limit. Never throws. */
export async function trimFolder(folder: string, maxBytes: number): Promise<void> {
  const names = await readdir(folder, { recursive: true }).catch(() => [])
  const files: { path: string; size: number; time: number }[] = []
  for (const name of names) {
    const path = join(folder, name)
    const found = await stat(path).catch(() => undefined)
    if (found?.isFile()) files.push({ path, size: found.size, time: found.mtimeMs })
  }
  let total = files.reduce((sum, { size }) => sum + size, 0)
  for (const { path, size } of files.sort((a, b) => a.time - b.time)) {
    if (total <= maxBytes) return
    await rm(path, { force: true }).catch(() => undefined)
    total -= size
  }
}
