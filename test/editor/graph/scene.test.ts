import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createGrid } from '../../../editor/graph/grid.ts'
import { overlaps, shapeOf } from '../../../editor/graph/metrics.ts'
import { nearest } from '../../../editor/graph/nearest.ts'
import { openGraph } from '../../../editor/graph/open-graph.ts'
import { createScene } from '../../../editor/graph/scene.ts'
import type { NodeInfo, Workflow } from '../../../editor/state/types.ts'
import { catalogueOf } from '../../../engine/protocol/catalogue-of.ts'
import { createCatalogue } from '../../../engine/workflow/index.ts'
import { nodes } from '../../../nodes/index.ts'

const infos = new Map<string, NodeInfo>(
  catalogueOf(createCatalogue(nodes)).map((info) => [info.type, info]),
)
const file = join(import.meta.dirname, '../../../workflows/two-loras.json')
const workflow: Workflow = JSON.parse(readFileSync(file, 'utf8'))

describe('the shape of a node', () => {
  const sampler = shapeOf(workflow.nodes.sampler!, infos.get('sampler'), { x: 0, y: 0 })

  it('has inputs at its left edge, outputs at its right, none on another', () => {
    const places = sampler.sockets.map(({ x, y, side }) => `${side} ${x} ${y}`)
    expect(new Set(places).size).toBe(places.length)
    for (const { side, x } of sampler.sockets) expect(x).toBe(side === 'in' ? 0 : sampler.width)
  })

  it('holds all of its rows', () => {
    for (const { y, height } of sampler.params) {
      expect(y + height).toBeLessThanOrEqual(sampler.height)
    }
  })

  it('is a header with all sockets when collapsed', () => {
    const entry = workflow.nodes.sampler!
    const folded = shapeOf(entry, infos.get('sampler'), { x: 0, y: 0, collapsed: true })
    expect(folded.height).toBe(32)
    expect(folded.sockets.length).toBe(sampler.sockets.length)
  })

  it('of an unknown type has the sockets that its links name', () => {
    const shape = shapeOf({ type: 'gone', inputs: { a: 'x.y' } }, undefined, { x: 0, y: 0 }, ['o'])
    expect(shape.sockets.map(({ side, name }) => `${side}.${name}`)).toEqual(['in.a', 'out.o'])
  })
})

describe('the scene', () => {
  it('has a place for both ends of every link of a saved workflow', () => {
    const scene = createScene()
    scene.update(workflow, infos)
    for (const { from, to } of scene.links.values()) {
      expect(scene.socketAt(from, 'out'), JSON.stringify(from)).toBeDefined()
      expect(scene.socketAt(to, 'in'), JSON.stringify(to)).toBeDefined()
    }
  })

  it('touches only the node that changed', () => {
    const scene = createScene()
    scene.update(workflow, infos)
    const before = scene.nodes.get('decode')
    const sampler = { ...workflow.nodes.sampler!, params: { seed: 1 } }
    const next = { ...workflow, nodes: { ...workflow.nodes, sampler } }
    expect(scene.update(next, infos).nodes).toEqual(['sampler'])
    expect(scene.nodes.get('decode')).toBe(before)
  })

  it('forgets a node that went, and its links', () => {
    const scene = createScene()
    scene.update(workflow, infos)
    const { save: _, ...rest } = workflow.nodes
    scene.update({ ...workflow, nodes: rest }, infos)
    expect(scene.nodes.has('save')).toBe(false)
    expect([...scene.links.keys()].filter((key) => key.startsWith('save.'))).toEqual([])
  })

  it('finds links by where they run', () => {
    const scene = createScene()
    scene.update(workflow, infos)
    const start = scene.socketAt({ node: 'decode', socket: 'image' }, 'out')!
    const area = { x: start.x + 5, y: start.y - 5, width: 10, height: 10 }
    expect(scene.linksIn(area).has('save.image')).toBe(true)
  })
})

describe('the grid', () => {
  it('finds the same boxes as looking at each', () => {
    const grid = createGrid()
    const box = (index: number) => ({
      ...{ x: (index * 397) % 5000, y: ((index * 911) % 4000) - 2000 },
      ...{ width: 240, height: 50 + (index % 7) * 90 },
    })
    const all = Array.from({ length: 300 }, (_, index) => [`n${index}`, box(index)] as const)
    for (const [id, place] of all) grid.set(id, place)
    for (const [id] of all.slice(0, 50)) grid.delete(id)
    for (const area of [box(3), box(77), { x: -1e5, y: -1e5, width: 2e5, height: 2e5 }]) {
      const slow = all.slice(50).filter(([, place]) => overlaps(place, area))
      expect(grid.in(area)).toEqual(new Set(slow.map(([id]) => id)))
    }
  })
})

describe('the arrow keys', () => {
  const box = (x: number, y: number) => ({ x, y, width: 100, height: 50 })
  const boxes = [
    ['far', box(900, 0)],
    ['near', box(300, 20)],
    ['below', box(0, 300)],
  ] as const

  it.each([
    ['ArrowRight', 'near'],
    ['ArrowDown', 'below'],
    ['ArrowLeft', undefined],
  ] as const)('go with %s to the nearest node there', (key, expected) => {
    expect(nearest(boxes, box(0, 0), key)).toBe(expected)
  })
})

describe('the open graph', () => {
  const inner: Workflow = { version: 1, nodes: { deep: { type: 'subgraph', subgraph: 'b' } } }
  const whole: Workflow = {
    version: 1,
    nodes: { top: { type: 'subgraph', subgraph: 'a' } },
    subgraphs: { a: { nodes: inner.nodes }, b: { nodes: { leaf: { type: 'decode' } } } },
  }

  it('is found through nested instances, with the ids that a run uses', () => {
    const { name, prefix, workflow: found } = openGraph(whole, ['top', 'deep'])
    expect([name, prefix, Object.keys(found.nodes)]).toEqual(['b', 'top:deep:', ['leaf']])
  })

  it('stops where an instance is gone', () => {
    expect(openGraph(whole, ['top', 'gone']).name).toBe('a')
  })
})
