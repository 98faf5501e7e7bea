import { createStore, type StoreApi } from 'zustand/vanilla'
import { reteNode } from './convert.ts'
import type { Box } from './metrics.ts'
import { createOverview } from './overview.ts'
import type { Stage } from './rete.ts'
import type { Scene } from './scene.ts'

/** Which nodes and links are on the page: those in sight, or none when far out. */
export interface Sight {
  readonly shown: StoreApi<SightState>
  /** Looks at what the window shows now. */
  look(): void
  /** Mounts a node without waiting. */
  now(id: string): void
  /** Draws the far picture again, if it is shown. */
  drawFar(): void
  /** True while nodes wait to be mounted. */
  busy(): boolean
  destroy(): void
}

export interface SightState {
  readonly links: readonly string[]
  /** Boxes on a canvas stand for the nodes. */
  readonly far: boolean
}

const farBelow = 0.38
const nearAbove = 0.45
/** Around the window, so that a pan finds what it comes to. */
const margin = 160
const mountsPerFrame = 4
const unmountsPerFrame = 8
/** The wheel has come to rest. */
const restMs = 120

interface SightOptions {
  readonly container: HTMLElement
  readonly scene: Scene
  readonly stage: Stage
  /** What stays mounted wherever it is. */
  pinned(): Iterable<string>
}

/** Begins looking. */
export function createSight({ container, scene, stage, pinned }: SightOptions): Sight {
  const shown = createStore<SightState>(() => ({ links: [], far: false }))
  const mounted = new Set<string>()
  const overview = createOverview(container, scene)
  let waiting: string[] = []
  let frame = 0
  let rest: ReturnType<typeof setTimeout> | undefined
  let picture = false
  let zoom = 0
  let first = true
  let nodesThen: unknown

  function look(): void {
    const { k } = stage.transform
    const { far } = shown.getState()
    const isFar = far ? k < nearAbove : k < farBelow
    const area = windowBox(container, stage)
    const zoomed = zoom !== 0 && zoom !== k
    zoom = k
    if (isFar) {
      showFar()
      return
    }
    const wanted = scene.nodesIn(area)
    for (const id of pinned()) if (scene.nodes.has(id)) wanted.add(id)
    for (const id of mounted) if (!wanted.has(id)) unmount(id)
    waiting = [...wanted].filter((id) => !mounted.has(id))
    if (first && waiting.length > 0) {
      first = false
      for (const id of waiting) mount(id)
      waiting = []
    }
    if (far) shown.setState({ far: false })
    if (waiting.length > 0 && zoomed) delay()
    else if (waiting.length > 0 && rest === undefined) schedule()
    settle()
    showLinks(scene.linksIn(area))
  }

  function showLinks(keys: Set<string>): void {
    const { links } = shown.getState()
    const stale = nodesThen !== scene.links
    nodesThen = scene.links
    if (!stale && links.length === keys.size && links.every((key) => keys.has(key))) return
    shown.setState({ links: [...keys] })
  }

  function showFar(): void {
    first = false
    waiting = []
    picture = true
    if (!shown.getState().far) shown.setState({ far: true })
    away(true)
    overview.draw(stage.transform)
    clearTimeout(rest)
    rest = setTimeout(() => {
      rest = undefined
      if (shown.getState().far) fewer()
    }, restMs)
  }

  /** Out of the window nothing is painted, and nothing is laid out again. */
  function away(is: boolean): void {
    const inner = stage.layer.querySelector<HTMLElement>('[data-inner]')
    if (inner) inner.style.translate = is ? '-10000000px 0' : ''
  }

  /** Takes nodes off the page that nobody sees, some a frame. */
  function fewer(): void {
    if (!shown.getState().far) return
    const kept = new Set(pinned())
    const gone = [...mounted].filter((id) => !kept.has(id))
    for (const id of gone.slice(0, unmountsPerFrame)) unmount(id)
    if (gone.length > 0) requestAnimationFrame(fewer)
    else shown.setState({ links: [] })
  }

  function delay(): void {
    clearTimeout(rest)
    rest = setTimeout(() => {
      rest = undefined
      schedule()
    }, restMs)
  }

  function schedule(): void {
    if (frame === 0) frame = requestAnimationFrame(some)
  }

  function some(): void {
    frame = 0
    for (const id of waiting.splice(0, mountsPerFrame)) if (scene.nodes.has(id)) mount(id)
    if (waiting.length > 0) schedule()
    settle()
  }

  /** The picture goes once all nodes are there. */
  function settle(): void {
    if (!picture) return
    if (waiting.length > 0) {
      overview.draw(stage.transform)
      return
    }
    picture = false
    away(false)
    overview.hide()
  }

  function mount(id: string): void {
    const entry = scene.nodes.get(id)?.entry
    if (!entry || mounted.has(id)) return
    mounted.add(id)
    stage.mount(reteNode(id, entry))
  }

  function unmount(id: string): void {
    mounted.delete(id)
    stage.unmount(id)
  }

  return {
    shown,
    look,
    now(id) {
      look()
      mount(id)
    },
    drawFar() {
      if (picture) overview.draw(stage.transform)
    },
    busy: () => waiting.length > 0,
    destroy() {
      clearTimeout(rest)
      cancelAnimationFrame(frame)
      overview.destroy()
    },
  }
}

/** What the window shows of the graph, and a little around it. */
function windowBox({ clientWidth, clientHeight }: HTMLElement, { transform }: Stage): Box {
  const { x, y, k } = transform
  return {
    x: (-x - margin) / k,
    y: (-y - margin) / k,
    width: (clientWidth + 2 * margin) / k,
    height: (clientHeight + 2 * margin) / k,
  }
}
