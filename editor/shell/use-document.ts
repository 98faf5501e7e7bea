import { useCallback, useSyncExternalStore } from 'react'
import { useStore } from 'zustand'
import { tabs } from '../state/stores.ts'
import type { EditorDocument, Workflow } from '../state/types.ts'

/** The document in front; undefined while none is open. */
export function useActive(): EditorDocument | undefined {
  return useStore(tabs, ({ open, active }) => open.find(({ id }) => id === active))
}

/** The workflow of the document in front, drawn again after every change. */
export function useWorkflow(): Workflow | undefined {
  const document = useActive()
  const follow = useCallback((told: () => void) => document?.follow(told) ?? (() => {}), [document])
  return useSyncExternalStore(follow, () => document?.workflow)
}

/** How a document is called in lists. */
export function nameOf({ name, workflow }: EditorDocument): string | undefined {
  return name ?? workflow.name
}
