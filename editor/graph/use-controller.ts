import { createContext, useContext, useSyncExternalStore } from 'react'
import { useStore } from 'zustand'
import type { NodeStatus } from '../../engine/protocol/runs.ts'
import { statusOf } from '../state/run-summary.ts'
import { runs } from '../state/stores.ts'
import type { Controller } from './controller.ts'
import type { NodeItem } from './scene.ts'

/** The canvas that a component is on. All is drawn by one root, so a context reaches it. */
export const CanvasContext = createContext<Controller | undefined>(undefined)

/** The canvas that a component is on. */
export function useController(): Controller {
  const controller = useContext(CanvasContext)
  if (!controller) throw new Error('a part of the canvas is drawn outside of it')
  return controller
}

/** A node as it is drawn now; drawn again when that changes. */
export function useNode(id: string): NodeItem | undefined {
  const { scene } = useController()
  return useSyncExternalStore(
    (listener) => scene.followNode(id, listener),
    () => scene.nodes.get(id),
  )
}

/** The run whose states this document shows. */
export function useShownRun(): string | undefined {
  const { document } = useController()
  return useStore(runs, ({ shown }) => shown.get(document.id))
}

/** What the shown run says of a node. */
export function useStatus(id: string): NodeStatus | undefined {
  const { document, prefix } = useController()
  return useStore(runs, ({ shown, nodes }) =>
    statusOf(nodes.get(shown.get(document.id) ?? ''), prefix() + id),
  )
}
