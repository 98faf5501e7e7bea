import { addFrame, addNote, moveItems, setLayout } from '../state/commands/index.ts'
import { selection } from '../state/stores.ts'
import type { Workflow } from '../state/types.ts'
import { graphWords } from '../words/graph.ts'
import { say } from '../words/words.ts'
import { type Alignment, align } from './align.ts'
import { arrange } from './arrange.ts'
import { around, type Box, type Point } from './metrics.ts'
import { edit } from './open-graph.ts'
import { view } from './view.ts'

/** Commands on what is selected, for menus and keys. Each is one step of undo. */

/** Puts the selected items in line. */
export function alignSelected(how: Alignment): void {
  const { ids } = selection.getState()
  const chosen = new Map([...view.boxes()].filter(([id]) => ids.has(id)))
  edit(say(graphWords)('align'), (workflow) => moveItems(workflow, align(chosen, how)))
}

/** Arranges the selected nodes, or all where fewer than two are selected. */
export function arrangeSelected(): void {
  const { ids } = selection.getState()
  edit(say(graphWords)('arrange'), (workflow) => {
    const boxes = view.boxes()
    const nodes = Object.keys(workflow.nodes)
    const chosen = nodes.filter((id) => ids.has(id))
    return moveItems(workflow, arranged(workflow, chosen.length > 1 ? chosen : nodes, boxes))
  })
}

/** Where nodes go when they are arranged; their upper left corner stays. */
export function arranged(
  workflow: Workflow,
  ids: readonly string[],
  boxes: ReadonlyMap<string, Box>,
): Map<string, Point> {
  const sizes = new Map(ids.flatMap((id) => (boxes.has(id) ? [[id, boxes.get(id)!]] : [])))
  const corner = around(sizes.values())
  if (!corner) return new Map()
  const links = ids.flatMap((to) =>
    Object.values(workflow.nodes[to]?.inputs ?? {}).map((from) => ({
      from: from.slice(0, from.indexOf('.')),
      to,
    })),
  )
  const places = arrange({ sizes, links })
  return new Map(
    [...places].map(([id, { x, y }]) => [id, { x: x + corner.x, y: y + corner.y }] as const),
  )
}

/** Draws a frame around what is selected. */
export function frameSelected(): void {
  const { ids } = selection.getState()
  const words = say(graphWords)
  const box = around([...view.boxes()].filter(([id]) => ids.has(id)).map(([, found]) => found))
  const room = 20
  const frame = box
    ? {
        x: box.x - room,
        y: box.y - room - 32,
        width: box.width + 2 * room,
        height: box.height + 2 * room + 32,
      }
    : { ...centre(), width: 400, height: 300 }
  edit(
    words('frame'),
    (workflow) => addFrame(workflow, { ...frame, title: words('frameTitle') }).ops,
  )
}

/** Puts an empty note into the middle of the view. */
export function noteHere(at: Point = centre()): void {
  const words = say(graphWords)
  const size = { width: 220, height: 120 }
  edit(
    words('note'),
    (workflow) => addNote(workflow, { ...at, ...size, text: words('noteText') }).ops,
  )
}

/** Colours the selected items; undefined takes the colour away. */
export function colourSelected(colour: string | undefined): void {
  const { ids } = selection.getState()
  edit(say(graphWords)('colour'), (workflow) =>
    [...ids].flatMap((id) => setLayout(workflow, id, { colour })),
  )
}

function centre(): Point {
  const { x, y, k, width, height } = view.state()
  return { x: Math.round((width / 2 - x) / k - 110), y: Math.round((height / 2 - y) / k - 60) }
}
