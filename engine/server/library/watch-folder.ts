import { type FSWatcher, watch } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'

/** How a folder is watched. */
export interface WatchOptions {
  /** Names below the folder that matter, with `/`. */
  readonly wanted: (name: string) => boolean
  /** Milliseconds that changes are gathered. */
  readonly delay?: number
  /** Told when changes may be missed: the folder is not there, or the system refuses. */
  readonly onBlind?: () => void
}

/** Deeper folders are not watched, as they are not listed. */
const deepest = 8

/**
 * Watches a folder with all below it and tells the names that changed; a folder watched by one
 * handle each, not a file. Hidden folders are left out. Gives the function that ends it.
 */
export function watchFolder(
  folder: string,
  { wanted, delay = 100, onBlind }: WatchOptions,
  onChange: (names: readonly string[]) => void,
): () => void {
  const changed = new Set<string>()
  const watchers = new Map<string, FSWatcher>()
  let timer: NodeJS.Timeout | undefined
  let ended = false
  const tell = () => {
    timer = undefined
    const names = [...changed]
    changed.clear()
    onChange(names)
  }
  const note = (path: string) => {
    const name = relative(folder, path).split(sep).join('/')
    if (!wanted(name)) return
    changed.add(name)
    timer ??= setTimeout(tell, delay).unref()
  }
  const drop = (path: string) => {
    watchers.get(path)?.close()
    watchers.delete(path)
  }
  /** `isNew` folders may have been filled before they were watched. */
  async function enter(path: string, depth: number, isNew: boolean): Promise<void> {
    if (ended || depth > deepest || watchers.has(path)) return
    try {
      const watcher = watch(path, { persistent: false }, (_, file) => {
        if (file === null || file.startsWith('.')) return
        note(join(path, file))
        enter(join(path, file), depth + 1, true).catch(() => undefined)
      })
      watchers.set(path, watcher)
      watcher.on('error', () => drop(path))
    } catch (thrown) {
      const { code } = thrown as NodeJS.ErrnoException
      if (depth === 0 || code === 'ENOSPC' || code === 'EMFILE') onBlind?.()
      return
    }
    const entries = await readdir(path, { withFileTypes: true }).catch(() => undefined)
    // A file needs no watcher: its folder tells of it.
    if (!entries) return drop(path)
    for (const entry of entries) {
      if (entry.name.startsWith('.')) continue
      const inner = join(path, entry.name)
      if (isNew) note(inner)
      if (!entry.isFile()) await enter(inner, depth + 1, isNew)
    }
  }
  enter(folder, 0, false).catch(() => onBlind?.())
  return () => {
    ended = true
    clearTimeout(timer)
    for (const path of [...watchers.keys()]) drop(path)
  }
}
