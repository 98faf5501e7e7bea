import type { PatchOp, Workflow } from '../types.ts'

/** Small parts that commands are made of. */

const word = /^\p{L}[\p{L}\p{N}_-]*$/u

/** True for what may be an id or a name in a workflow file. */
export function isName(text: string): boolean {
  return word.test(text)
}

/** Ids of nodes, frames and notes. */
export function takenIds({ nodes, layout }: Workflow): Set<string> {
  return new Set([...Object.keys(nodes), ...Object.keys(layout ?? {})])
}

/** The name itself where it is free, else with the first number from 2 that makes it so. */
export function freeName(wanted: string, taken: ReadonlySet<string>): string {
  const base = isName(wanted) ? wanted : 'node'
  if (!taken.has(base)) return base
  const stem = base.replace(/-\d+$/, '')
  for (let number = 2; ; number++) {
    const name = `${stem}-${number}`
    if (!taken.has(name)) return name
  }
}

/** Sets an entry of a section of the file, which is made where the file has none. */
export function setInSection(
  workflow: Workflow,
  section: 'inputs' | 'outputs' | 'layout',
  entries: Readonly<Record<string, unknown>>,
): PatchOp[] {
  const names = Object.keys(entries)
  if (names.length === 0) return []
  if (workflow[section]) {
    return names.map((name) => op([section, name], entries[name]))
  }
  return [
    op(
      [section],
      entries,
      laterSections[section].find((key) => key in workflow),
    ),
  ]
}

/** In which order the sections of a file stand. */
const laterSections = {
  inputs: ['outputs', 'nodes'],
  outputs: ['nodes'],
  layout: [] as string[],
} as const

/** Sets an entry of a part of a node, which is made where the node has none. */
export function setInNode(
  workflow: Workflow,
  node: string,
  part: 'params' | 'inputs',
  entries: Readonly<Record<string, unknown>>,
): PatchOp[] {
  const entry = workflow.nodes[node]
  const names = Object.keys(entries)
  if (!entry || names.length === 0) return []
  if (entry[part]) return names.map((name) => op(['nodes', node, part, name], entries[name]))
  const before = part === 'params' && entry.inputs ? 'inputs' : undefined
  return [op(['nodes', node, part], entries, before)]
}

/** An op; `value` undefined takes the entry away. */
export function op(path: readonly string[], value?: unknown, before?: string): PatchOp {
  return {
    path,
    ...(value !== undefined && { value: value as NonNullable<PatchOp['value']> }),
    ...(before !== undefined && { before }),
  }
}
