import { placeOf } from '../state/ports.ts'
import { settings } from '../state/settings.ts'
import { selection } from '../state/stores.ts'
import { beginBox } from './box-select.ts'
import type { Controller } from './controller.ts'
import { beginMove } from './move.ts'
import { beginResize } from './resize.ts'
import { beginWiring, drawWiring, dropWiring, endWiring } from './wiring.ts'

/** A gesture under way: told of moves until the pointer goes up. */
export interface Gesture {
  move(event: PointerEvent): void
  /** `cancel`: nothing of it is to stay. */
  end(event: PointerEvent, cancel: boolean): void
  /** The area moves the canvas meanwhile. */
  readonly pans?: true
}

/** Parts of a node that want the pointer for themselves. */
const widgets =
  'input,textarea,select,button,a,[contenteditable],[data-widget] [role],[data-body],[role=listbox]'

/** Listens to the pointer on a canvas. Gives the function that ends it. */
export function listenToPointer(controller: Controller): () => void {
  const { container } = controller
  let gesture: Gesture | undefined
  let pointer = -1
  const pointers = new Set<number>()

  function down(event: PointerEvent): void {
    pointers.add(event.pointerId)
    if (pointers.size > 1) {
      // Two fingers zoom.
      gesture?.end(event, true)
      gesture = undefined
      return
    }
    if (event.button !== 0 || controller.space) return
    gesture = begin(controller, event)
    if (!gesture) return
    pointer = event.pointerId
    addEventListener('pointermove', move)
  }

  function move(event: PointerEvent): void {
    if (event.pointerId === pointer) gesture?.move(event)
  }

  function up(event: PointerEvent): void {
    pointers.delete(event.pointerId)
    if (event.pointerId !== pointer) return
    pointer = -1
    removeEventListener('pointermove', move)
    const ended = gesture
    gesture = undefined
    ended?.end(event, event.type === 'pointercancel')
  }

  controller.pans = (event) => {
    if (event.pointerType === 'mouse' && event.button === 1) return true
    if (event.button !== 0) return false
    if (controller.space) return true
    if ((gesture && !gesture.pans) || controller.wiring) return false
    const target = event.target as Element
    if (target.closest('[data-node],[data-drawn],[data-link],[data-over]')) return false
    const boxes = event.pointerType !== 'touch' && settings.getState().drag === 'select'
    return boxes === event.shiftKey && !farNode(controller, event)
  }
  container.addEventListener('pointerdown', down, { capture: true })
  addEventListener('pointerup', up)
  addEventListener('pointercancel', up)
  return () => {
    container.removeEventListener('pointerdown', down, { capture: true })
    removeEventListener('pointerup', up)
    removeEventListener('pointercancel', up)
    removeEventListener('pointermove', move)
  }
}

function begin(controller: Controller, event: PointerEvent): Gesture | undefined {
  const target = event.target as Element
  if (target.closest('[data-over]')) return undefined
  const dot = target.closest<HTMLElement>('[data-socket]')
  if (controller.wiring) return finishTapped(controller, event)
  if (dot) return wire(controller, dot.dataset.socket!, event)
  if (target.closest('[data-resize]')) return beginResize(controller, event)
  const link = target.closest<SVGElement>('[data-link]')
  if (link) return selectLink(link.dataset.link!, event)
  const item = target.closest<HTMLElement>('[data-node],[data-drawn]')
  if (item && target.closest(widgets)) return undefined
  const id = item?.dataset.node ?? item?.dataset.drawn ?? farNode(controller, event)
  if (id !== undefined) return beginMove(controller, id, event)
  const boxes = settings.getState().drag === 'select' && event.pointerType !== 'touch'
  if (boxes !== event.shiftKey) return beginBox(controller, event)
  return tapEmpty(event)
}

/** The node under the pointer where boxes stand for nodes. */
export function farNode({ sight, view, scene }: Controller, event: MouseEvent): string | undefined {
  if (!sight.shown.getState().far) return undefined
  const { x, y } = view.toGraph({ x: event.clientX, y: event.clientY })
  return [...scene.nodesIn({ x, y, width: 0, height: 0 })].at(-1)
}

/** A press that does not move takes the selection away; the area moves the canvas. */
function tapEmpty(start: PointerEvent): Gesture {
  return {
    pans: true,
    move: () => {},
    end(event, cancel) {
      const moved = Math.hypot(event.clientX - start.clientX, event.clientY - start.clientY)
      if (!cancel && moved < 4 && !start.ctrlKey && !start.metaKey) clearSelection()
    },
  }
}

/** Nothing is selected. */
export function clearSelection(): void {
  selection.setState({ ids: new Set(), links: new Set() })
}

function selectLink(key: string, { ctrlKey, metaKey, shiftKey }: PointerEvent): Gesture {
  const adds = ctrlKey || metaKey || shiftKey
  const { ids, links } = selection.getState()
  const next = new Set(adds ? links : [])
  if (adds && links.has(key)) next.delete(key)
  else next.add(key)
  selection.setState({ ids: adds ? ids : new Set(), links: next })
  return { move: () => {}, end: () => {} }
}

/** `NODE.in.NAME` as its parts. */
export function socketOf(key: string) {
  const { node, socket } = placeOf(key)
  const { node: side, socket: name } = placeOf(socket)
  return { place: { node, socket: name }, side: side as 'in' | 'out' }
}

function wire(controller: Controller, key: string, start: PointerEvent): Gesture {
  const { place, side } = socketOf(key)
  let moved = false
  start.preventDefault()
  return {
    move(event) {
      const far = Math.hypot(event.clientX - start.clientX, event.clientY - start.clientY)
      if (!moved && far < 4) return
      if (!moved) beginWiring(controller, place, side)
      moved = true
      draw(controller, event)
    },
    end(event, cancel) {
      if (cancel) endWiring(controller)
      else if (moved) dropWiring(controller, pointOf(controller, event))
      // A tap: the next one ends the link.
      else beginWiring(controller, place, side)
    },
  }
}

/** A second tap ends a link that a tap began. */
function finishTapped(controller: Controller, start: PointerEvent): Gesture {
  start.preventDefault()
  return {
    move: (event) => draw(controller, event),
    end(event, cancel) {
      const dot = (event.target as Element).closest?.('[data-socket],[data-node]')
      if (cancel || !dot) endWiring(controller)
      else dropWiring(controller, pointOf(controller, event))
    },
  }
}

function draw(controller: Controller, event: PointerEvent): void {
  drawWiring(controller, pointOf(controller, event), { x: event.clientX, y: event.clientY })
}

function pointOf({ view }: Controller, event: PointerEvent) {
  return view.toGraph({ x: event.clientX, y: event.clientY })
}
