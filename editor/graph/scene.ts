import { type NodeInfos, placeOf } from '../state/ports.ts'
import { infoOf, subgraphType } from '../state/subgraphs.ts'
import type {
  FrameLayout,
  NodeEntry,
  NodeInfo,
  NodeLayout,
  NoteLayout,
  Place,
  Workflow,
} from '../state/types.ts'
import { createGrid } from './grid.ts'
import { linkBox } from './link-path.ts'
import { type Box, type NodeShape, type PlacedSocket, type Point, shapeOf } from './metrics.ts'

/** A node as it is drawn. Replaced, never modified. */
export interface NodeItem {
  readonly id: string
  readonly entry: NodeEntry
  readonly info: NodeInfo | undefined
  readonly layout: NodeLayout
  readonly shape: NodeShape
  readonly box: Box
}

/** A frame or note as it is drawn. */
export interface DrawnItem {
  readonly id: string
  readonly layout: FrameLayout | NoteLayout
}

/** A link, named by its input: "node.socket". */
export interface LinkItem {
  readonly key: string
  readonly from: Place
  readonly to: Place
}

/** All that lies on the canvas, derived from one graph and kept up with it. */
export interface Scene {
  readonly nodes: ReadonlyMap<string, NodeItem>
  readonly drawn: ReadonlyMap<string, DrawnItem>
  readonly links: ReadonlyMap<string, LinkItem>
  readonly workflow: Workflow
  /** Counts updates that changed something. */
  readonly version: number
  /** Looks at what is new in the graph; gives what was touched. */
  update(workflow: Workflow, infos: NodeInfos): SceneChange
  /** Measures all nodes again: a body has another height. */
  measure(): void
  /** Keys of links from or to a node. */
  linksOf(id: string): Iterable<string>
  nodesIn(area: Box): Set<string>
  /** Keys of links that may cross the rectangle. */
  linksIn(area: Box): Set<string>
  /** Where the dot of a socket is; undefined where there is none. */
  socketAt(place: Place, side: 'in' | 'out'): Point | undefined
  socket(place: Place, side: 'in' | 'out'): PlacedSocket | undefined
  /** Places of nodes that are being dragged, over those in the document. */
  readonly moved: Map<string, Point>
  follow(listener: () => void): () => void
  followNode(id: string, listener: () => void): () => void
}

/** Ids of what an update touched. */
export interface SceneChange {
  readonly nodes: readonly string[]
  readonly links: boolean
  readonly drawn: boolean
}

const noLayout: NodeLayout = { x: 0, y: 0 }

/** An empty scene. */
export function createScene(): Scene {
  const nodes = new Map<string, NodeItem>()
  let drawn = new Map<string, DrawnItem>()
  let links = new Map<string, LinkItem>()
  let ends = new Map<string, Set<string>>()
  let workflow: Workflow = { version: 1, nodes: {} } as Workflow
  let infos: NodeInfos = new Map()
  let version = 0
  const grid = createGrid()
  const linkGrid = createGrid()
  const listeners = new Set<() => void>()
  const followers = new Map<string, Set<() => void>>()
  const moved = new Map<string, Point>()

  function itemOf(id: string): NodeItem {
    const entry = workflow.nodes[id]!
    const layout = (workflow.layout?.[id] as NodeLayout | undefined) ?? noLayout
    const info = infoOf(workflow, entry, infos)
    const outgoing = info ? [] : outgoingOf(id)
    const shape = shapeOf(entry, info, layout, outgoing)
    const box = { x: layout.x, y: layout.y, width: shape.width, height: shape.height }
    return { id, entry, info, layout, shape, box }
  }

  function outgoingOf(id: string): string[] {
    const names = [...(ends.get(id) ?? [])].map((key) => links.get(key)!.from)
    return [...new Set(names.filter(({ node }) => node === id).map(({ socket }) => socket))]
  }

  function linkAll(): void {
    const before = links
    linkGrid.clear()
    links = new Map()
    ends = new Map()
    for (const [node, { inputs }] of Object.entries(workflow.nodes)) {
      for (const socket in inputs) {
        const key = `${node}.${socket}`
        const from = placeOf(inputs[socket]!)
        const old = before.get(key)
        const same = old && old.from.node === from.node && old.from.socket === from.socket
        links.set(key, same ? old : { key, from, to: { node, socket } })
        for (const end of [node, from.node]) {
          const set = ends.get(end)
          if (set) set.add(key)
          else ends.set(end, new Set([key]))
        }
      }
    }
  }

  function drawAll(): void {
    const next = new Map<string, DrawnItem>()
    for (const [id, layout] of Object.entries(workflow.layout ?? {})) {
      if (!('kind' in layout)) continue
      const old = drawn.get(id)
      const shown = layout as unknown as FrameLayout | NoteLayout
      next.set(id, old?.layout === shown ? old : { id, layout: shown })
    }
    drawn = next
  }

  function set(id: string): void {
    const item = itemOf(id)
    nodes.set(id, item)
    grid.set(id, item.box)
  }

  function placeLinks(ids: Iterable<string>): void {
    for (const id of ids) {
      for (const key of ends.get(id) ?? []) {
        const { from, to } = links.get(key)!
        const start = scene.socketAt(from, 'out')
        const end = scene.socketAt(to, 'in')
        if (start && end) linkGrid.set(key, linkBox(start, end))
        else linkGrid.delete(key)
      }
    }
  }

  function tell(ids: Iterable<string>): void {
    version += 1
    for (const id of ids) for (const listener of followers.get(id) ?? []) listener()
    for (const listener of listeners) listener()
  }

  const scene: Scene = {
    get nodes() {
      return nodes
    },
    get drawn() {
      return drawn
    },
    get links() {
      return links
    },
    get workflow() {
      return workflow
    },
    get version() {
      return version
    },
    moved,
    update(next, nextInfos) {
      const former = workflow
      const all = nextInfos !== infos
      if (next === former && !all) return { nodes: [], links: false, drawn: false }
      workflow = next
      infos = nextInfos
      const touched: string[] = []
      const relinked = former.nodes !== next.nodes && linksDiffer(former, next)
      if (relinked) linkAll()
      for (const id in next.nodes) {
        const entry = next.nodes[id]!
        const same =
          entry === former.nodes[id] &&
          next.layout?.[id] === former.layout?.[id] &&
          (entry.type !== subgraphType || next.subgraphs === former.subgraphs)
        if (same && !all && nodes.has(id)) continue
        touched.push(id)
        set(id)
      }
      for (const id of nodes.keys()) {
        if (Object.hasOwn(next.nodes, id)) continue
        touched.push(id)
        nodes.delete(id)
        grid.delete(id)
      }
      placeLinks(relinked ? nodes.keys() : touched)
      const redrawn = next.layout !== former.layout
      if (redrawn) drawAll()
      tell(touched)
      return { nodes: touched, links: relinked, drawn: redrawn }
    },
    measure() {
      const touched: string[] = []
      for (const [id, item] of nodes) {
        const { width, height } = shapeOf(item.entry, item.info, item.layout, outgoingOf(id))
        if (width === item.box.width && height === item.box.height) continue
        set(id)
        touched.push(id)
      }
      placeLinks(touched)
      if (touched.length > 0) tell(touched)
    },
    linksOf: (id) => ends.get(id) ?? [],
    nodesIn: (area) => grid.in(area),
    linksIn: (area) => linkGrid.in(area),
    socket({ node, socket }, side) {
      const { sockets = [] } = nodes.get(node)?.shape ?? {}
      return sockets.find((entry) => entry.side === side && entry.name === socket)
    },
    socketAt(place, side) {
      const item = nodes.get(place.node)
      const socket = scene.socket(place, side)
      if (!item || !socket) return undefined
      const corner = moved.get(place.node) ?? item.box
      return { x: corner.x + socket.x, y: corner.y + socket.y }
    },
    follow(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    followNode(id, listener) {
      const found = followers.get(id) ?? new Set()
      followers.set(id, found.add(listener))
      return () => {
        found.delete(listener)
        if (found.size === 0) followers.delete(id)
      }
    },
  }
  return scene
}

function linksDiffer(former: Workflow, next: Workflow): boolean {
  for (const id in next.nodes) {
    if (former.nodes[id]?.inputs !== next.nodes[id]!.inputs) return true
  }
  for (const id in former.nodes) {
    if (former.nodes[id]!.inputs && !Object.hasOwn(next.nodes, id)) return true
  }
  return false
}
