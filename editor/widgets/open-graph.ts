import { useCallback, useSyncExternalStore } from 'react'
import { edit, shownGraph } from '../graph/open-graph.ts'
import { activeDocument } from '../state/stores.ts'
import type { NodeEntry, PatchOp, Workflow } from '../state/types.ts'

/** The graph that the canvas shows, for widgets that change more than their own param. */

/** What is open, as a workflow. */
export function openGraph(): Workflow {
  return shownGraph().workflow
}

/** The id of a node as runs know it. */
export function runId(node: string): string {
  return shownGraph().prefix + node
}

/** Applies a command to what is open, as one step of undo. */
export function change(
  label: string,
  command: (workflow: Workflow) => readonly PatchOp[],
  merge?: string,
): void {
  edit(label, command, merge === undefined ? {} : { merge })
}

/** The entry of a node that is open; drawn again when that changes. */
export function useEntry(node: string): NodeEntry | undefined {
  const document = activeDocument()
  const follow = useCallback((told: () => void) => document.follow(told), [document])
  return useSyncExternalStore(follow, () => openGraph().nodes[node])
}
