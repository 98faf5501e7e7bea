import type { ReactNode } from 'react'
import { NodeEditor, type Scope } from 'rete'
import { AreaPlugin, Drag, Zoom } from 'rete-area-plugin'
import { ReactPlugin } from 'rete-react-plugin'
import type { ReteConnection, ReteNode } from './convert.ts'
import { leastZoom, mostZoom, type Transform } from './view.ts'

/** The one file that speaks rete's types: the editor, its area, its React plugin with one root. */

interface Schemes {
  // biome-ignore lint/suspicious/noExplicitAny: rete's generics want its own classes.
  readonly Node: any
  // biome-ignore lint/suspicious/noExplicitAny: rete's generics want its own classes.
  readonly Connection: any
}

/** Elements of mounted nodes: what rete's plugin hands to roots, drawn by the one root there is. */
export interface Mounts {
  readonly elements: ReadonlyMap<string, ReactNode>
  follow(listener: () => void): () => void
}

export interface StageOptions {
  /** Draws a node. */
  draw(id: string): ReactNode
  /** Whether a press on the canvas moves it. */
  pans(event: PointerEvent): boolean
  /** Told after each move and zoom. */
  moved(): void
}

/** rete as the canvas uses it. */
export interface Stage {
  readonly mounts: Mounts
  /** The layer that moves and zooms. */
  readonly layer: HTMLElement
  readonly transform: Transform
  addNode(node: ReteNode): Promise<void>
  removeNode(id: string): Promise<void>
  connect(connection: ReteConnection): Promise<void>
  disconnect(id: string): Promise<void>
  /** What rete holds. */
  read(): { readonly nodes: readonly ReteNode[]; readonly connections: readonly ReteConnection[] }
  /** Draws a node that came into sight, by the area's `render` signal. */
  mount(node: ReteNode): void
  /** Takes a node that is out of sight off the page, by the area's `unmount` signal. */
  unmount(id: string): void
  setTransform(transform: Transform): void
  destroy(): void
}

/** Sets up rete in an element. */
export function createStage(container: HTMLElement, options: StageOptions): Stage {
  const elements = createMounts()
  const editor = new NodeEditor<Schemes>()
  const area = new AreaPlugin<Schemes>(container)
  const react = new ReactPlugin<Schemes>({ createRoot: elements.createRoot })
  react.addPreset({
    // biome-ignore lint/suspicious/noExplicitAny: the signal is one of many.
    render: ({ data }: any) => (data.type === 'node' ? options.draw(data.payload.id) : null),
  } as never)
  // Nodes get a view when they come into sight, links never: they are drawn in one layer.
  editor.addPipe((context) => (context.type in unseen ? undefined : context) as typeof context)
  editor.use(area)
  area.use(react as unknown as Scope<never, never>)
  area.addPipe((context) => {
    if (context.type === 'zoom' && outOfBounds(context.data.zoom)) return undefined
    if (context.type === 'translated' || context.type === 'zoomed') options.moved()
    return context
  })
  area.area.setDragHandler(new Drag({ down: options.pans, move: () => true }))
  area.area.setZoomHandler(new QuietZoom(0.1))
  return {
    mounts: elements,
    layer: area.area.content.holder,
    get transform() {
      return area.area.transform
    },
    async addNode(node) {
      await editor.addNode({ ...node })
    },
    async removeNode(id) {
      await editor.removeNode(id)
    },
    async connect(connection) {
      await editor.addConnection({ ...connection })
    },
    async disconnect(id) {
      await editor.removeConnection(id)
    },
    read: () => ({ nodes: editor.getNodes(), connections: editor.getConnections() }),
    mount(node) {
      const { element } = area.addNodeView(node)
      element.style.display = 'none'
    },
    unmount: (id) => area.removeNodeView(id),
    setTransform({ x, y, k }) {
      const { transform } = area.area
      transform.k = k
      void area.area.translate(x, y)
    },
    destroy: () => area.destroy(),
  }
}

function outOfBounds(zoom: number): boolean {
  return zoom < leastZoom || zoom > mostZoom
}

const unseen = { nodecreated: 1, noderemoved: 1, connectioncreated: 1, connectionremoved: 1 }

/** Zooming by wheel and by two fingers; a double click opens the search instead. */
class QuietZoom extends Zoom {
  override dblclick = (): void => {}
}

function createMounts(): Mounts & { createRoot(container: Element | DocumentFragment): Root } {
  let elements: ReadonlyMap<string, ReactNode> = new Map()
  let last = 0
  let told = true
  const listeners = new Set<() => void>()
  const set = (change: (next: Map<string, ReactNode>) => void) => {
    const next = new Map(elements)
    change(next)
    elements = next
    if (!told) return
    told = false
    queueMicrotask(() => {
      told = true
      for (const listener of listeners) listener()
    })
  }
  return {
    get elements() {
      return elements
    },
    follow(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    createRoot() {
      last += 1
      const key = `${last}`
      return {
        render: (element) => set((next) => next.set(key, element)),
        unmount: () => set((next) => next.delete(key)),
      }
    },
  }
}

interface Root {
  render(element: ReactNode): void
  unmount(): void
}
