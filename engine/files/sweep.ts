import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { unfinishedEnding } from './save.ts'

/** Milliseconds. What was not written on for so long was left by a process that is gone. */
export const abandonedAfter = 60 * 60 * 1000

/**
 * Removes files below a folder that a crash has left unfinished. Links are not followed; what
 * cannot be read or removed stays. `now` is milliseconds since 1970. Gives how many went.
 */
export async function sweepUnfinished(folder: string, now: number): Promise<number> {
  const options = { recursive: true, withFileTypes: true } as const
  const entries = await readdir(folder, options).catch(() => [])
  let count = 0
  for (const entry of entries) {
    if (!entry.isFile() || !entry.name.endsWith(unfinishedEnding)) continue
    const path = join(entry.parentPath, entry.name)
    const found = await stat(path).catch(() => undefined)
    if (!found || now - found.mtimeMs <= abandonedAfter) continue
    const gone = await rm(path).then(
      () => 1,
      () => 0,
    )
    count += gone
  }
  return count
}
