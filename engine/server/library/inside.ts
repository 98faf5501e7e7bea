import { realpath } from 'node:fs/promises'
import { dirname, join, sep } from 'node:path'
import { WorkflowError } from '../../errors.ts'
import { safeName } from '../../files/names.ts'

/**
 * The path of a name below a folder that the server writes to or serves from. Beyond what
 * `safeName` refuses, no part of it is hidden, and no link leads out of the folder.
 * Throws a WorkflowError; `kind` names the folder in it.
 */
export async function pathInside(folder: string, kind: string, name: string): Promise<string> {
  const path = join(folder, visibleName(kind, name))
  if (await isInside(folder, path)) return path
  throw refused(kind, name)
}

/** The name with `/`, where no part of it is hidden. Throws a WorkflowError. */
export function visibleName(kind: string, name: string): string {
  const safe = safeName(kind, name)
  const parts = safe.split('/')
  // Longer parts fit into no file system once an ending and a number are added.
  const isFit = (part: string) => !part.startsWith('.') && Buffer.byteLength(part) <= 200
  if (parts.every(isFit)) return safe
  throw refused(kind, name)
}

/** True where a path, or what is there of it, lies in the folder once all links are followed. */
export async function isInside(folder: string, path: string): Promise<boolean> {
  const root = await realpath(folder).catch(() => undefined)
  // A folder that is not there yet holds no link.
  if (root === undefined) return true
  const found = await nearestReal(path)
  return found === root || found.startsWith(root + sep) || root.startsWith(found + sep)
}

/** The real path of the deepest part that exists. */
async function nearestReal(path: string): Promise<string> {
  let at = path
  while (true) {
    const found = await realpath(at).catch(() => undefined)
    if (found !== undefined) return found
    at = dirname(at)
  }
}

function refused(kind: string, name: string): WorkflowError {
  const shown = JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}…` : name)
  return new WorkflowError(`${kind}: name is ${shown}, a visible path inside the folder expected`)
}
