import { watch } from 'node:fs'
import { basename, dirname } from 'node:path'

/** Tells of changes to one file. */
export interface FileWatch {
  /** Settles with true after the next change, or one not yet asked for; with false once closed. */
  next(): Promise<boolean>
  close(): void
}

/** Time in which an editor writes, renames and touches what is one save. */
const settleMilliseconds = 80

/**
 * Watches a file through its folder, because editors save by renaming another file over it.
 * Changes that follow each other closely are one.
 */
export function watchFile(path: string): FileWatch {
  let timer: NodeJS.Timeout | undefined
  let pending = false
  let closed = false
  let waiting: ((changed: boolean) => void)[] = []
  const settle = (changed: boolean) => {
    if (changed && waiting.length === 0) pending = true
    for (const resolve of waiting) resolve(changed)
    waiting = []
  }
  const watcher = watch(dirname(path), (_, name) => {
    if (name !== null && name !== basename(path)) return
    clearTimeout(timer)
    timer = setTimeout(settle, settleMilliseconds, true)
  })
  return {
    next() {
      if (closed) return Promise.resolve(false)
      if (pending) {
        pending = false
        return Promise.resolve(true)
      }
      return new Promise((resolve) => waiting.push(resolve))
    },
    close() {
      closed = true
      clearTimeout(timer)
      watcher.close()
      settle(false)
    },
  }
}
