import { applyPatch } from '../../engine/protocol/apply-patch.ts'
import { copyText, pasteOps } from '../state/clipboard.ts'
import { disconnect, moveItems } from '../state/commands/index.ts'
import { settings } from '../state/settings.ts'
import { selection } from '../state/stores.ts'
import { graphWords } from '../words/graph.ts'
import { say } from '../words/words.ts'
import { autopan } from './autopan.ts'
import type { Controller } from './controller.ts'
import type { Gesture } from './gestures.ts'
import { around, type Point } from './metrics.ts'
import { edit } from './open-graph.ts'
import { leadThrough } from './wiring.ts'

/** Drags an item with all that are selected and all that lie in dragged frames. */
export function beginMove(controller: Controller, id: string, start: PointerEvent): Gesture {
  const { scene, view, container } = controller
  const adds = start.ctrlKey || start.metaKey || start.shiftKey
  const { ids: before } = selection.getState()
  if (!before.has(id)) {
    selection.setState({ ids: new Set(adds ? [...before, id] : [id]), links: new Set() })
  }
  let from: ReadonlyMap<string, Point> | undefined
  let last = start
  const origin = view.toGraph({ x: start.clientX, y: start.clientY })
  const pan = autopan(controller, () => apply(last))

  function apply(event: PointerEvent): void {
    if (!from) return
    const now = view.toGraph({ x: event.clientX, y: event.clientY })
    const { snap } = settings.getState()
    const grid = (value: number) => (snap > 0 ? Math.round(value / snap) * snap : Math.round(value))
    for (const [item, { x, y }] of from) {
      scene.moved.set(item, { x: grid(x + now.x - origin.x), y: grid(y + now.y - origin.y) })
    }
    controller.drawMoved(from.keys())
    drawDrawn(controller, from.keys())
    if (from.size === 1) markInsert(controller, id)
  }

  return {
    move(event) {
      last = event
      const far = Math.hypot(event.clientX - start.clientX, event.clientY - start.clientY)
      if (!from && far < 4) return
      if (!from) {
        from = grabbed(controller, start.altKey)
        container.dataset.gesture = 'move'
      }
      apply(event)
      pan.at(event)
    },
    end(_event, cancel) {
      pan.stop()
      delete container.dataset.gesture
      if (!from) {
        if (adds && before.has(id)) deselect(id)
        else if (!adds && before.size > 1) selection.setState({ ids: new Set([id]) })
        controller.elements.get(id)?.focus({ preventScroll: true })
        return
      }
      const places = new Map(scene.moved)
      const onto = from.size === 1 ? insertable(controller, id) : undefined
      scene.moved.clear()
      unmark(controller)
      controller.drawMoved(from.keys())
      drawDrawn(controller, from.keys())
      if (!cancel) commit(controller, id, places, onto)
    },
  }
}

/** Moves, and puts a node on the link that it was dropped on, as one step. */
function commit(
  { scene }: Controller,
  id: string,
  places: ReadonlyMap<string, Point>,
  onto: string | undefined,
): void {
  const words = say(graphWords)
  const link = onto === undefined ? undefined : scene.links.get(onto)
  const label = places.size === 1 ? words('move') : words('moveMany', { count: places.size })
  edit(link ? words('insert') : label, (workflow) => {
    const moves = moveItems(workflow, places)
    if (!link) return moves
    const after = applyPatch(workflow, moves)
    const loose = disconnect(after, link.to)
    const led = leadThrough(applyPatch(after, loose), id, link.from, link.to)
    return led.length > 0 ? [...moves, ...loose, ...led] : moves
  })
}

/** What moves along, with its places; with Alt a copy is made and moved instead. */
function grabbed(controller: Controller, copies: boolean): Map<string, Point> {
  if (copies) copySelected(controller)
  const { scene } = controller
  const { ids } = selection.getState()
  const all = new Set(ids)
  for (const id of ids) {
    const layout = scene.drawn.get(id)?.layout
    if (layout?.kind === 'frame') for (const member of membersOf(controller, id)) all.add(member)
  }
  const entries = [...all].flatMap((id) => {
    const place = scene.nodes.get(id)?.box ?? scene.drawn.get(id)?.layout
    return place ? [[id, { x: place.x, y: place.y }] as const] : []
  })
  return new Map(entries)
}

/** Items whose middle lies in a frame. */
export function membersOf({ scene }: Controller, frame: string): string[] {
  const box = scene.drawn.get(frame)?.layout
  if (!box) return []
  const inside = (item: { x: number; y: number; width: number; height: number }) => {
    const x = item.x + item.width / 2
    const y = item.y + item.height / 2
    return x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height
  }
  const nodes = [...scene.nodesIn(box)].filter((id) => inside(scene.nodes.get(id)!.box))
  const drawn = [...scene.drawn.values()].filter(({ layout }) => inside(layout))
  return [...nodes, ...drawn.map(({ id }) => id).filter((id) => id !== frame)]
}

/** Duplicates what is selected, in place, and selects the copies. */
export function copySelected({ scene }: Controller, offset = 0): void {
  const { ids } = selection.getState()
  const boxes = [...ids].flatMap((id) => {
    const box = scene.nodes.get(id)?.box ?? scene.drawn.get(id)?.layout
    return box ? [box] : []
  })
  const box = around(boxes)
  if (!box) return
  let fresh: readonly string[] = []
  edit(say(graphWords)('duplicate'), (workflow) => {
    const text = copyText(workflow, ids)
    const at = { x: box.x + offset, y: box.y + offset }
    const pasted = pasteOps(workflow, text, at, { reconnect: true })
    if (!pasted) return []
    fresh = pasted.ids
    return pasted.ops
  })
  selection.setState({ ids: new Set(fresh), links: new Set() })
}

function deselect(id: string): void {
  const ids = new Set(selection.getState().ids)
  ids.delete(id)
  selection.setState({ ids })
}

function drawDrawn({ scene, container }: Controller, ids: Iterable<string>): void {
  for (const id of ids) {
    const place = scene.moved.get(id) ?? scene.drawn.get(id)?.layout
    if (!place || !scene.drawn.has(id)) continue
    const element = container.querySelector<HTMLElement>(`[data-drawn="${CSS.escape(id)}"]`)
    if (element) element.style.transform = `translate(${place.x}px,${place.y}px)`
  }
}

/** The link under the middle of a node that has no links yet. */
function insertable({ scene }: Controller, id: string): string | undefined {
  const item = scene.nodes.get(id)
  const corner = scene.moved.get(id)
  if (!item || !corner || [...scene.linksOf(id)].length > 0) return undefined
  const area = { ...corner, width: item.box.width, height: item.box.height }
  const middle = { x: corner.x + item.box.width / 2, y: corner.y + 16 }
  for (const key of scene.linksIn(area)) {
    const { from, to } = scene.links.get(key)!
    const a = scene.socketAt(from, 'out')
    const b = scene.socketAt(to, 'in')
    if (!a || !b) continue
    const t = (middle.x - a.x) / (b.x - a.x || 1)
    if (t <= 0 || t >= 1) continue
    const y = a.y + (b.y - a.y) * (t * t * (3 - 2 * t))
    if (Math.abs(y - middle.y) < 24) return key
  }
  return undefined
}

function markInsert(controller: Controller, id: string): void {
  const key = insertable(controller, id)
  unmark(controller)
  if (key !== undefined) controller.paths.get(key)?.setAttribute('data-insert', '')
}

function unmark({ paths }: Controller): void {
  for (const group of paths.values()) {
    if (group.dataset.insert !== undefined) group.removeAttribute('data-insert')
  }
}
