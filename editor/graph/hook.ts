import { activeDocument } from '../state/stores.ts'
import type { Workflow } from '../state/types.ts'
import type { Controller } from './controller.ts'
import type { Transform } from './view.ts'

/** What tests in a browser ask of the page, as `globalThis.mazeru`. */
export interface TestHook {
  /** The document in front. */
  state(): Workflow
  /** Another workflow in its place, as one step of undo. */
  load(workflow: Workflow): void
  setView(transform: Transform): void
  view(): Transform & { readonly width: number; readonly height: number }
  /** Ends when all that is in sight is drawn and rete holds what the document holds. */
  whenIdle(): Promise<void>
  /** The nodes that rete holds. */
  rete(): Workflow['nodes']
}

/** Puts the hook on the page. Gives the function that takes it away. */
export function installHook({ view, sight, mirror, document }: Controller): () => void {
  const hook: TestHook = {
    state: () => activeDocument().workflow,
    load(workflow) {
      const { replace } = document as { replace?: (next: Workflow) => void }
      replace?.call(document, workflow)
      view.fit()
    },
    setView: (transform) => view.set(transform),
    view: () => view.state(),
    async whenIdle() {
      do {
        await mirror.settled()
        await new Promise((resolve) => requestAnimationFrame(resolve))
      } while (sight.busy())
      await new Promise((resolve) => requestAnimationFrame(resolve))
    },
    rete: () => mirror.read(),
  }
  Object.assign(globalThis, { mazeru: hook })
  return () => {
    Object.assign(globalThis, { mazeru: undefined })
  }
}
