import { memo, type ReactNode, useEffect, useRef, useState, useSyncExternalStore } from 'react'
import { createPortal } from 'react-dom'
import { useStore } from 'zustand'
import { settings } from '../state/settings.ts'
import { surface, tabs } from '../state/stores.ts'
import type { EditorDocument } from '../state/types.ts'
import { graphWords } from '../words/graph.ts'
import { useWords } from '../words/words.ts'
import { listenToClipboard } from './clipboard-events.ts'
import { ConnectList } from './connect-list.tsx'
import { type Controller, createController } from './controller.ts'
import { Drawn } from './drawn.tsx'
import { farNode, listenToPointer } from './gestures.ts'
import styles from './graph.module.css'
import { installHook } from './hook.ts'
import { listenToKeys } from './keys.ts'
import { listenToHover } from './link-hover.ts'
import { Links } from './links.tsx'
import { Minimap } from './minimap.tsx'
import { CanvasContext, useController as useCanvas } from './use-controller.ts'
import { showView } from './view.ts'

/** The graph of the document in front: nodes, links, frames and notes, to be moved and wired. */
export function GraphCanvas() {
  const active = useStore(tabs, ({ open, active: id }) => open.find((entry) => entry.id === id))
  return active ? <OpenCanvas key={active.id} document={active} /> : null
}

function OpenCanvas({ document }: { readonly document: EditorDocument }) {
  const element = useRef<HTMLDivElement>(null)
  const [controller, setController] = useState<Controller>()
  const say = useWords(graphWords)
  const minimap = useStore(settings, (state) => state.minimap)
  useEffect(() => {
    const made = createController(element.current!, document)
    const ends = [
      listenToPointer(made),
      listenToKeys(made),
      listenToClipboard(made),
      listenToHover(made),
      installHook(made),
    ]
    setController(made)
    showView(made.view)
    made.view.fit()
    return () => {
      showView(undefined)
      for (const end of ends) end()
      made.destroy()
      setController(undefined)
    }
  }, [document])
  return (
    // biome-ignore lint/a11y/useSemanticElements: a canvas of groups with its own keys.
    <div
      ref={element}
      className={styles.canvas}
      role="group"
      aria-label={say('canvas')}
      data-canvas
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the one stop of the keyboard here.
      tabIndex={0}
      onDoubleClick={(event) => controller && openAt(controller, event.nativeEvent)}
    >
      {controller && (
        <CanvasContext value={controller}>
          {createPortal(<Layer />, controller.stage.layer)}
          <Empty />
          {minimap && <Minimap />}
          <ConnectList />
        </CanvasContext>
      )}
      <div className={styles.box} data-box />
      <div className={styles.tip} data-tip role="tooltip" />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: Shift+Tab comes in here. */}
      <span data-last tabIndex={0} />
    </div>
  )
}

function Layer() {
  const { stage } = useCanvas()
  const elements = useSyncExternalStore(stage.mounts.follow, () => stage.mounts.elements)
  return (
    <div className={styles.nodes} data-inner>
      <Drawn />
      <svg className={styles.svg} aria-hidden="true">
        <Links />
        <path className={styles.pseudo} data-pseudo />
      </svg>
      <div className={styles.nodes}>
        {[...elements].map(([key, node]) => (
          <Kept key={key}>{node}</Kept>
        ))}
      </div>
    </div>
  )
}

const Kept = memo(function Kept({ children }: { readonly children: ReactNode }) {
  return children
})

function Empty() {
  const { scene } = useCanvas()
  const say = useWords(graphWords)
  const size = useSyncExternalStore(scene.follow, () => scene.nodes.size)
  return size === 0 ? <div className={styles.empty}>{say('empty')}</div> : null
}

/** A double click opens a subgraph, or the search where nothing is. */
function openAt(controller: Controller, event: MouseEvent): void {
  const target = event.target as Element
  if (target.closest('[data-over],[data-drawn],input,textarea,button,select')) return
  const id = target.closest<HTMLElement>('[data-node]')?.dataset.node ?? farNode(controller, event)
  const at = controller.view.toGraph({ x: event.clientX, y: event.clientY })
  if (id === undefined) {
    surface.setState({ search: { at } })
    return
  }
  const entry = controller.scene.nodes.get(id)?.entry
  if (entry?.subgraph !== undefined) {
    surface.setState(({ path }) => ({ path: [...path, id] }))
  }
}
