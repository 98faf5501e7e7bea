/** What the bench builds for the browser: our canvas on one page, the peer's on the other. */

/** Nodes of the measured graph, each with three inputs, two outputs and three widgets. */
export const benchNodes = 1000
const columns = 40

/** The graph that both draw: nodes in a grid, about three links for two nodes. */
export function benchWorkflow(count = benchNodes) {
  const name = (index: number) => `n${index}`
  const nodes = Object.fromEntries(
    Array.from({ length: count }, (_, index) => {
      const inputs = {
        ...(index % columns !== 0 && { a: `${name(index - 1)}.x` }),
        ...(index >= columns && index % 2 === 0 && { b: `${name(index - columns)}.y` }),
      }
      const params = { amount: index % 10, choice: 'two', text: `text ${index}` }
      return [name(index), { type: 'bench', params, inputs }] as const
    }),
  )
  const layout = Object.fromEntries(
    Array.from({ length: count }, (_, index) => [
      name(index),
      { x: (index % columns) * 300, y: Math.floor(index / columns) * 240 },
    ]),
  )
  return { version: 1, nodes, layout }
}

/** The node type of the measured graph, as the catalogue gives it. */
export const benchNodeInfo = {
  ...{ type: 'bench', version: 1, title: 'Bench', category: 'bench', description: '' },
  ...{ purity: 'pure', live: false, sink: false },
  inputs: ['a', 'b', 'c'].map((name) => ({ name, type: 'number', optional: true })),
  params: [
    { name: 'amount', schema: { type: 'number', default: 0, minimum: -100 } },
    { name: 'choice', schema: { type: 'string', enum: ['one', 'two', 'three'], default: 'one' } },
    { name: 'text', schema: { type: 'string', default: '' } },
  ],
  outputs: ['x', 'y'].map((name) => ({ name, type: 'number' })),
}

/** Sources of the pages by name; `root` is the folder of the project. */
export function pageSources(root: string): Readonly<Record<'ours' | 'peer', string>> {
  return { ours: oursSource(`${root}/editor`), peer: peerSource }
}

const oursSource = (editor: string) => `
import { createElement } from 'react'
import { createRoot } from 'react-dom/client'
import '${editor}/style/tokens.css'
import { GraphCanvas } from '${editor}/graph/canvas.tsx'
import { createDocument } from '${editor}/state/document.ts'
import { catalogue, selection, tabs } from '${editor}/state/stores.ts'
import { settings } from '${editor}/state/settings.ts'
settings.setState({ minimap: false })
const root = document.getElementById('root')
createRoot(root).render(createElement(GraphCanvas))
globalThis.bench = {
  async open({ workflow, info }) {
    catalogue.setState({ nodes: new Map([[info.type, info]]) })
    const made = createDocument({ workflow, id: String(Math.random()) })
    tabs.setState({ open: [made], active: made.id })
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))
    await globalThis.mazeru.whenIdle()
    globalThis.mazeru.setView({ x: 60, y: 60, k: 1 })
    await globalThis.mazeru.whenIdle()
  },
  close() { tabs.setState({ open: [], active: undefined }) },
  set: (view) => globalThis.mazeru.setView(view),
  idle: () => globalThis.mazeru.whenIdle(),
  select: (ids) => selection.setState({ ids: new Set(ids), links: new Set() }),
  edits(count) {
    const [open] = tabs.getState().open
    for (let index = 0; index < count; index++) {
      const path = ['nodes', 'n' + (index % 1000), 'params', 'amount']
      open.transact('bench', [{ path, value: index + 0.5 }])
    }
    let worst = 0
    for (let index = 0; index < count; index++) {
      const start = performance.now()
      open.undo()
      worst = Math.max(worst, performance.now() - start)
    }
    return worst
  },
}
`

const peerSource = `
import { LGraph, LGraphCanvas, LGraphNode, LiteGraph } from '@comfyorg/litegraph'
class Bench extends LGraphNode {
  constructor() {
    super('Bench')
    for (const name of ['a', 'b', 'c']) this.addInput(name, 'number')
    for (const name of ['x', 'y']) this.addOutput(name, 'number')
    this.addWidget('number', 'amount', 0, () => {}, {})
    this.addWidget('combo', 'choice', 'two', () => {}, { values: ['one', 'two', 'three'] })
    this.addWidget('text', 'text', 'text', () => {}, {})
  }
}
LiteGraph.registerNodeType('bench/bench', Bench)
const canvas = document.createElement('canvas')
canvas.width = innerWidth
canvas.height = innerHeight
canvas.style.cssText = 'position:absolute;inset:0'
document.getElementById('root').append(canvas)
const frames = (count) => new Promise((done) => {
  const next = (left) => (left === 0 ? done() : requestAnimationFrame(() => next(left - 1)))
  next(count)
})
let view
globalThis.bench = {
  async open({ workflow }) {
    const graph = new LGraph()
    view ??= new LGraphCanvas(canvas, graph)
    view.setGraph(graph)
    view.allow_searchbox = false
    const made = {}
    for (const [id, { x, y }] of Object.entries(workflow.layout)) {
      const node = LiteGraph.createNode('bench/bench')
      node.pos = [x, y + 30]
      graph.add(node)
      made[id] = node
    }
    const slots = { a: 0, b: 1, c: 2, x: 0, y: 1 }
    for (const [id, { inputs = {} }] of Object.entries(workflow.nodes)) {
      for (const [name, from] of Object.entries(inputs)) {
        const [source, output] = from.split('.')
        made[source].connect(slots[output], made[id], slots[name])
      }
    }
    this.made = made
    this.set({ x: 60, y: 60, k: 1 })
    await frames(3)
  },
  set({ x, y, k }) {
    view.ds.scale = k
    view.ds.offset = [x / k, y / k]
    view.setDirty(true, true)
  },
  idle: () => frames(3),
  select(ids) {
    view.deselectAll()
    for (const id of ids) view.select(this.made[id])
    view.setDirty(true, true)
  },
}
`
