import { WorkflowError } from '../errors.ts'

/**
 * A name of a file as a path with `/` below its folder. A name is text from a workflow, so nothing
 * in it may lead out of the folder: not `..`, not a drive or a server, not a path from the root,
 * on any system. Links that the owner of the folder placed inside it are followed.
 * Throws a WorkflowError; `kind` names the folder in it.
 */
export function safeName(kind: string, name: string): string {
  const path = name.replaceAll('\\', '/')
  const parts = path.split('/')
  // Windows drops dots and spaces at the end of a part, so "... " would be a parent there.
  const leaves = parts.some((part) => /^[. ]*$/.test(part))
  if (leaves || /^[a-z]:/i.test(path) || hasControl(path) || path.length > 1000) {
    const shown = JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}…` : name)
    throw new WorkflowError(`${kind}: name is ${shown}, a path inside the folder expected`)
  }
  return path
}

/** Up to three of `names` that look like `name`, the nearest first; by pairs of letters shared. */
export function nearestNames(name: string, names: readonly string[]): string[] {
  const wanted = pairsOf(name)
  return names
    .map((candidate) => ({ candidate, likeness: likeness(wanted, pairsOf(candidate)) }))
    .filter((found) => found.likeness >= 0.4)
    .sort((a, b) => b.likeness - a.likeness)
    .slice(0, 3)
    .map(({ candidate }) => candidate)
}

/** Dice's coefficient of two sets, 0 to 1. */
function likeness(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  if (a.size + b.size === 0) return 0
  return (2 * a.intersection(b).size) / (a.size + b.size)
}

/** Pairs of neighbouring letters, without folder and ending, which many names share. */
function pairsOf(name: string): Set<string> {
  const base = name.slice(name.lastIndexOf('/') + 1).replace(/\.\w{1,11}$/, '')
  const letters = ` ${base.slice(0, 200).toLowerCase()} `
  return new Set(Array.from({ length: letters.length - 1 }, (_, i) => letters.slice(i, i + 2)))
}

function hasControl(text: string): boolean {
  return [...text].some((character) => character < ' ')
}
