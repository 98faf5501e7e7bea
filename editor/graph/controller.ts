import { createElement } from 'react'
import { settings } from '../state/settings.ts'
import { catalogue, selection, surface } from '../state/stores.ts'
import type { EditorDocument } from '../state/types.ts'
import { linkPath } from './link-path.ts'
import { around, type Box, type Point } from './metrics.ts'
import { createMirror, type Mirror } from './mirror.ts'
import { CanvasNode } from './node.tsx'
import { openGraph } from './open-graph.ts'
import { createStage, type Stage } from './rete.ts'
import { createScene, type Scene } from './scene.ts'
import { createSight, type Sight } from './sight.ts'
import { fitting, leastZoom, mostZoom, type Transform, type View } from './view.ts'
import type { Wiring } from './wiring.ts'

/** All that belongs to one canvas on the page. */
export interface Controller {
  readonly container: HTMLElement
  readonly scene: Scene
  readonly stage: Stage
  readonly mirror: Mirror
  readonly sight: Sight
  readonly view: View
  /** Elements of mounted nodes. */
  readonly elements: Map<string, HTMLElement>
  /** Groups of drawn links. */
  readonly paths: Map<string, SVGGElement>
  /** The link being drawn. */
  wiring: Wiring | undefined
  /** Keys held that change what a drag does. */
  space: boolean
  /** Whether a press on the canvas itself moves it. */
  pans: (event: PointerEvent) => boolean
  prefix(): string
  readonly document: EditorDocument
  /** Shows dragged items at `scene.moved`, without React. */
  drawMoved(ids: Iterable<string>): void
  follow(listener: () => void): () => void
  destroy(): void
}

/** Sets a canvas up in an element. */
export function createController(container: HTMLElement, document: EditorDocument): Controller {
  const scene = createScene()
  const listeners = new Set<() => void>()
  let frame = 0
  let prefix = ''
  const stage = createStage(container, {
    draw: (id) => createElement(CanvasNode, { key: id, id }),
    pans: (event) => controller.pans(event),
    moved,
  })
  const mirror = createMirror(stage)
  const sight = createSight({ container, scene, stage, pinned })

  function moved(): void {
    const { transform } = stage
    container.style.backgroundPosition = `${transform.x}px ${transform.y}px`
    const cell = 24 * transform.k * (transform.k < 0.5 ? 4 : 1)
    container.style.backgroundSize = `${cell}px ${cell}px`
    if (frame === 0) frame = requestAnimationFrame(look)
  }

  function look(): void {
    frame = 0
    sight.look()
    for (const listener of listeners) listener()
  }

  function* pinned(): Iterable<string> {
    const focused = globalThis.document.activeElement?.closest<HTMLElement>('[data-node]')
    if (focused && container.contains(focused)) yield focused.dataset.node!
    yield* scene.moved.keys()
  }

  function update(): void {
    const graph = openGraph(document.workflow, surface.getState().path)
    prefix = graph.prefix
    scene.update(graph.workflow, catalogue.getState().nodes)
    mirror.update(graph.workflow.nodes)
    forgetLost(scene)
    sight.look()
    for (const listener of listeners) listener()
  }

  const view: View = {
    fit(ids) {
      const wanted = ids && new Set(ids)
      const boxes = [
        ...[...scene.nodes.values()].map(({ id, box }) => ({ id, box })),
        ...[...scene.drawn.values()].map(({ id, layout }) => ({ id, box: layout })),
      ].filter(({ id }) => !wanted || wanted.has(id))
      const box = around(boxes.map((entry) => entry.box))
      if (box) view.set(fitting(box, container.clientWidth, container.clientHeight))
    },
    centre(id) {
      const box = scene.nodes.get(id)?.box ?? scene.drawn.get(id)?.layout
      const k = Math.max(stage.transform.k, 0.6)
      if (!box) return
      view.set({
        k,
        x: container.clientWidth / 2 - (box.x + box.width / 2) * k,
        y: container.clientHeight / 2 - (box.y + box.height / 2) * k,
      })
    },
    zoomTo(wanted) {
      const { x, y, k } = stage.transform
      const next = Math.max(leastZoom, Math.min(mostZoom, wanted))
      const middle = { x: container.clientWidth / 2, y: container.clientHeight / 2 }
      const by = next / k
      view.set({ k: next, x: middle.x - (middle.x - x) * by, y: middle.y - (middle.y - y) * by })
    },
    toGraph({ x, y }) {
      const { left, top } = container.getBoundingClientRect()
      const { transform } = stage
      return { x: (x - left - transform.x) / transform.k, y: (y - top - transform.y) / transform.k }
    },
    toScreen({ x, y }) {
      const { left, top } = container.getBoundingClientRect()
      const { transform } = stage
      return { x: left + transform.x + x * transform.k, y: top + transform.y + y * transform.k }
    },
    state: () => ({
      ...stage.transform,
      width: container.clientWidth,
      height: container.clientHeight,
    }),
    set(transform: Transform) {
      stage.setTransform(transform)
      moved()
    },
    boxes() {
      const nodes = [...scene.nodes].map(([id, { box }]) => [id, box] as const)
      const drawn = [...scene.drawn].map(([id, { layout }]) => [id, layout] as const)
      return new Map<string, Box>([...nodes, ...drawn])
    },
    focus(id) {
      const element = controller.elements.get(id)
      if (element && isOnScreen(element, container)) {
        element.focus({ preventScroll: true })
        return
      }
      view.centre(id)
      sight.now(id)
      const wait = (tries: number) => {
        const found = controller.elements.get(id)
        if (found) found.focus({ preventScroll: true })
        else if (tries > 0) requestAnimationFrame(() => wait(tries - 1))
      }
      wait(30)
    },
  }

  const ends = [
    document.follow(update),
    catalogue.subscribe(update),
    surface.subscribe(({ path }, former) => {
      if (path !== former.path) {
        update()
        view.fit()
      }
    }),
    settings.subscribe(() => controller.drawMoved(scene.nodes.keys())),
  ]
  const sizes = new ResizeObserver(moved)
  sizes.observe(container)

  const controller: Controller = {
    ...{ container, scene, stage, mirror, sight, view, document },
    elements: new Map(),
    paths: new Map(),
    wiring: undefined,
    space: false,
    pans: () => true,
    prefix: () => prefix,
    drawMoved(ids) {
      const links = new Set<string>()
      for (const id of ids) {
        const corner: Point | undefined = scene.moved.get(id) ?? scene.nodes.get(id)?.box
        const element = controller.elements.get(id)
        if (corner && element) {
          element.style.transform = `translate(${corner.x}px,${corner.y}px)`
        }
        for (const key of scene.linksOf(id)) links.add(key)
      }
      const style = settings.getState().links
      for (const key of links) {
        const group = controller.paths.get(key)
        const link = scene.links.get(key)
        const from = link && scene.socketAt(link.from, 'out')
        const to = link && scene.socketAt(link.to, 'in')
        if (!group || !from || !to) continue
        const d = linkPath(from, to, style)
        for (const path of group.children) path.setAttribute('d', d)
      }
      sight.drawFar()
    },
    follow(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    destroy() {
      for (const end of ends) end()
      sizes.disconnect()
      cancelAnimationFrame(frame)
      sight.destroy()
      stage.destroy()
    },
  }
  update()
  return controller
}

/** What is no longer in the graph is no longer selected. */
function forgetLost({ nodes, drawn, links }: Scene): void {
  const chosen = selection.getState()
  const ids = [...chosen.ids].filter((id) => nodes.has(id) || drawn.has(id))
  const keys = [...chosen.links].filter((key) => links.has(key))
  if (ids.length === chosen.ids.size && keys.length === chosen.links.size) return
  selection.setState({ ids: new Set(ids), links: new Set(keys) })
}

function isOnScreen(element: HTMLElement, container: HTMLElement): boolean {
  const a = element.getBoundingClientRect()
  const b = container.getBoundingClientRect()
  return (
    a.right > b.left + 20 && a.left < b.right - 20 && a.bottom > b.top + 20 && a.top < b.bottom - 20
  )
}
