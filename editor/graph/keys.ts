import { applyPatch } from '../../engine/protocol/apply-patch.ts'
import {
  disconnectAll,
  moveItems,
  removeItems,
  setLayout,
  setMode,
} from '../state/commands/index.ts'
import { placeOf } from '../state/ports.ts'
import { settings } from '../state/settings.ts'
import { selection, surface } from '../state/stores.ts'
import { graphWords } from '../words/graph.ts'
import { say } from '../words/words.ts'
import { openConnectList } from './connect-list.tsx'
import type { Controller } from './controller.ts'
import { clearSelection } from './gestures.ts'
import { copySelected } from './move.ts'
import { type Direction, nearest } from './nearest.ts'
import { edit } from './open-graph.ts'
import { endWiring } from './wiring.ts'

/** Listens to the keyboard on a canvas. Gives the function that ends it. */
export function listenToKeys(controller: Controller): () => void {
  const { container } = controller
  let current: string | undefined

  function down(event: KeyboardEvent): void {
    const target = event.target as HTMLElement
    if (event.isComposing || event.defaultPrevented || target.closest('[data-over]')) return
    const node = target.closest<HTMLElement>('[data-node]')
    if (event.key === 'Escape') {
      leave(controller, target, node)
      return
    }
    if (target !== node && target !== container) return
    if (event.key === 'Tab') {
      passBy(container)
      return
    }
    const id = node?.dataset.node
    const key = keyName(event)
    const act = actions[key] ?? (isArrow(event.key) ? arrows : undefined)
    if (!act) return
    event.preventDefault()
    act({ controller, id, event })
  }

  function focused(event: FocusEvent): void {
    const target = event.target as HTMLElement
    const node = target.closest<HTMLElement>('[data-node]')
    if (node) current = node.dataset.node
    const last = target.dataset.last !== undefined
    if (!last && (target !== container || !target.matches(':focus-visible'))) return
    const { scene, view } = controller
    const next = current !== undefined && scene.nodes.has(current) ? current : firstNode(controller)
    if (next !== undefined) view.focus(next)
    else if (last) container.focus()
  }

  function space(event: KeyboardEvent): void {
    const target = event.target as HTMLElement
    if (event.key !== ' ' || target.closest?.('input,textarea,button,select')) return
    controller.space = event.type === 'keydown'
  }

  container.addEventListener('keydown', down)
  container.addEventListener('focusin', focused)
  addEventListener('keydown', space)
  addEventListener('keyup', space)
  return () => {
    container.removeEventListener('keydown', down)
    container.removeEventListener('focusin', focused)
    removeEventListener('keydown', space)
    removeEventListener('keyup', space)
  }
}

interface Press {
  readonly controller: Controller
  /** The node that has the keyboard. */
  readonly id: string | undefined
  readonly event: KeyboardEvent
}

const actions: Readonly<Record<string, (press: Press) => void>> = {
  Delete: ({ id }) => removeSelected(id),
  Backspace: ({ id }) => removeSelected(id),
  'mod+a': ({ controller: { scene } }) => {
    const ids = new Set([...scene.nodes.keys(), ...scene.drawn.keys()])
    selection.setState({ ids, links: new Set() })
  },
  'mod+d': ({ controller, id }) => {
    chooseIfNone(id)
    copySelected(controller, 24)
  },
  m: ({ id }) => toggleMode(id, 'mute'),
  b: ({ id }) => toggleMode(id, 'bypass'),
  c: ({ controller, id }) => {
    if (id !== undefined) openConnectList(controller, id)
  },
  h: ({ id }) => collapseSelected(id),
  f: ({ controller }) => {
    const { ids } = selection.getState()
    controller.view.fit(ids.size > 0 ? ids : undefined)
  },
  '+': ({ controller: { view } }) => view.zoomTo(view.state().k * 1.25),
  '=': ({ controller: { view } }) => view.zoomTo(view.state().k * 1.25),
  '-': ({ controller: { view } }) => view.zoomTo(view.state().k / 1.25),
  '0': ({ controller: { view } }) => view.zoomTo(1),
  ' ': ({ id }) => toggleSelected(id),
  Enter: ({ controller, id }) => enter(controller, id),
}

function arrows({ controller, id, event }: Press): void {
  const { scene, view } = controller
  const direction = event.key as Direction
  const { ids } = selection.getState()
  if (event.ctrlKey || event.metaKey || (id === undefined && ids.size > 0)) {
    nudge(controller, id, direction, event.shiftKey)
    return
  }
  if (id === undefined) {
    const first = firstNode(controller)
    if (first !== undefined) view.focus(first)
    return
  }
  const box = scene.nodes.get(id)?.box
  if (!box) return
  const next = event.altKey ? alongLink(controller, id, direction) : undefined
  const boxes = [...scene.nodes].map(([key, item]) => [key, item.box] as const)
  const found = event.altKey ? next : nearest(boxes, box, direction)
  if (found === undefined) return
  view.focus(found)
  // With Shift what was selected stays, so that many can be chosen with the space bar.
  if (!event.shiftKey) selection.setState({ ids: new Set([found]), links: new Set() })
}

/** Right and down go to what a node feeds, left and up to what feeds it. */
function alongLink({ scene }: Controller, id: string, direction: Direction): string | undefined {
  const forward = direction === 'ArrowRight' || direction === 'ArrowDown'
  const links = [...scene.linksOf(id)].map((key) => scene.links.get(key)!)
  const ends = links
    .filter(({ from, to }) => (forward ? from.node === id : to.node === id))
    .map(({ from, to }) => (forward ? to.node : from.node))
  return direction === 'ArrowRight' || direction === 'ArrowLeft' ? ends[0] : ends.at(-1)
}

function nudge({ scene }: Controller, id: string | undefined, key: Direction, far: boolean): void {
  chooseIfNone(id)
  const { snap } = settings.getState()
  const step = (snap || 8) * (far ? 4 : 1)
  const x = key === 'ArrowLeft' ? -step : key === 'ArrowRight' ? step : 0
  const y = key === 'ArrowUp' ? -step : key === 'ArrowDown' ? step : 0
  const { ids } = selection.getState()
  const places = [...ids].flatMap((item) => {
    const now = scene.nodes.get(item)?.box ?? scene.drawn.get(item)?.layout
    return now ? [[item, { x: now.x + x, y: now.y + y }] as const] : []
  })
  edit(say(graphWords)('move'), (workflow) => moveItems(workflow, new Map(places)), {
    merge: `nudge ${[...ids].join(' ')}`,
  })
}

function removeSelected(id: string | undefined): void {
  chooseIfNone(id)
  const { ids, links } = selection.getState()
  edit(say(graphWords)('remove'), (workflow) => {
    const first = disconnectAll(workflow, [...links].map(placeOf))
    return [...first, ...removeItems(applyPatch(workflow, first), ids)]
  })
  clearSelection()
}

function toggleMode(id: string | undefined, mode: 'mute' | 'bypass'): void {
  chooseIfNone(id)
  const { ids } = selection.getState()
  edit(say(graphWords)(mode === 'mute' ? 'muted' : 'bypassed'), (workflow) => {
    const all = [...ids].every((one) => workflow.nodes[one]?.mode === mode)
    return setMode(workflow, ids, all ? undefined : mode)
  })
}

function collapseSelected(id: string | undefined): void {
  chooseIfNone(id)
  const { ids } = selection.getState()
  edit(say(graphWords)('collapsed'), (workflow) => {
    const nodes = [...ids].filter((one) => Object.hasOwn(workflow.nodes, one))
    const all = nodes.every((one) => workflow.layout?.[one]?.collapsed === true)
    const ops = nodes.flatMap((one) =>
      setLayout(workflow, one, { collapsed: all ? undefined : true }),
    )
    return ops
  })
}

function chooseIfNone(id: string | undefined): void {
  const { ids, links } = selection.getState()
  if (id === undefined || ids.size > 0 || links.size > 0) return
  selection.setState({ ids: new Set([id]), links: new Set() })
}

function toggleSelected(id: string | undefined): void {
  if (id === undefined) return
  const ids = new Set(selection.getState().ids)
  if (!ids.delete(id)) ids.add(id)
  selection.setState({ ids })
}

/** Into the first widget of a node, or into the subgraph that it stands for. */
function enter({ scene, elements }: Controller, id: string | undefined): void {
  if (id === undefined) return
  if (scene.nodes.get(id)?.entry.subgraph !== undefined) {
    surface.setState(({ path }) => ({ path: [...path, id] }))
    return
  }
  const within = '[data-params],[data-body]'
  const focusable = 'input,textarea,select,button,[tabindex="0"]'
  const parts = [...(elements.get(id)?.querySelectorAll(within) ?? [])]
  const widget = parts.flatMap((part) => [...part.querySelectorAll<HTMLElement>(focusable)])[0]
  widget?.focus({ preventScroll: true })
}

/** Esc leaves a widget for its node, a link being drawn, a selection, a subgraph. */
function leave(controller: Controller, target: HTMLElement, node: HTMLElement | null): void {
  if (controller.wiring) endWiring(controller)
  else if (node && target !== node) node.focus({ preventScroll: true })
  else if (selection.getState().ids.size > 0 || selection.getState().links.size > 0) {
    clearSelection()
  } else if (surface.getState().path.length > 0) {
    surface.setState(({ path }) => ({ path: path.slice(0, -1) }))
  }
}

/** Tab goes on to what is beside the canvas, not through each widget of each node. */
function passBy(container: HTMLElement): void {
  const stops = container.querySelectorAll<HTMLElement>('*')
  const was: HTMLElement[] = []
  for (const stop of stops) {
    if (stop.tabIndex < 0 || stop === document.activeElement) continue
    was.push(stop)
    stop.tabIndex = -1
  }
  container.tabIndex = -1
  setTimeout(() => {
    container.tabIndex = 0
    for (const stop of was) {
      if (stop.dataset.last === undefined) stop.removeAttribute('tabindex')
      else stop.tabIndex = 0
    }
  })
}

function firstNode({ scene }: Controller): string | undefined {
  const [first] = [...scene.nodes.values()].sort((a, b) => a.box.x + a.box.y - b.box.x - b.box.y)
  return first?.id
}

function isArrow(key: string): key is Direction {
  return /^Arrow(Left|Right|Up|Down)$/.test(key)
}

function keyName({ key, ctrlKey, metaKey, altKey }: KeyboardEvent): string {
  const name = key.length === 1 ? key.toLowerCase() : key
  if (altKey) return `alt+${name}`
  return ctrlKey || metaKey ? `mod+${name}` : name
}
