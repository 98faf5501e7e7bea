import { applyPatch } from '../../engine/protocol/apply-patch.ts'
import { addNode, connect, disconnect } from '../state/commands/index.ts'
import { type Fit, fitting } from '../state/fits.ts'
import { placeOf, printPlace } from '../state/ports.ts'
import { inputsOf, outputsOf } from '../state/shapes.ts'
import { catalogue, notify, surface } from '../state/stores.ts'
import { infoOf } from '../state/subgraphs.ts'
import type { NodeInfo, PatchOp, Place, Workflow } from '../state/types.ts'
import { graphWords } from '../words/graph.ts'
import { say } from '../words/words.ts'
import type { Controller } from './controller.ts'
import { linkPath } from './link-path.ts'
import type { Point } from './metrics.ts'
import { edit } from './open-graph.ts'

/** A link that is being drawn from one socket. */
export interface Wiring {
  readonly from: Place
  readonly side: 'in' | 'out'
  /** By `NODE.in.NAME`. */
  readonly fits: ReadonlyMap<string, Fit>
  /** The input that the link was taken off. */
  readonly taken: Place | undefined
}

/** Begins a link at a socket. At a linked input, its link is picked up instead. */
export function beginWiring(controller: Controller, place: Place, side: 'in' | 'out'): void {
  const { scene, container, stage } = controller
  const text = side === 'in' ? scene.workflow.nodes[place.node]?.inputs?.[place.socket] : undefined
  const from = text === undefined ? place : placeOf(text)
  const start = text === undefined ? side : 'out'
  const infos = catalogue.getState().nodes
  const base = text === undefined ? scene.workflow : without(scene.workflow, place)
  const fits = fitting(base, infos, from, start === 'in' ? 'input' : 'output')
  controller.wiring = { from, side: start, fits, taken: text === undefined ? undefined : place }
  container.dataset.wiring = start
  for (const dot of stage.layer.querySelectorAll<HTMLElement>('[data-socket]')) {
    const fit = fits.get(dot.dataset.socket!)
    if (fit?.fits) dot.dataset.fits = 'true'
    else if (fit) dot.title = fit.reason
  }
  stage.layer
    .querySelector<HTMLElement>(`[data-socket="${CSS.escape(socketKey(from, start))}"]`)
    ?.setAttribute('data-origin', '')
}

function without(workflow: Workflow, place: Place): Workflow {
  return applyPatch(workflow, disconnect(workflow, place))
}

/** Draws the open link to a point of the graph and says why a socket there does not fit. */
export function drawWiring(controller: Controller, point: Point, screen: Point): void {
  const { wiring, scene } = controller
  if (!wiring) return
  const start = scene.socketAt(wiring.from, wiring.side)
  if (!start) return
  const target = targetAt(controller, point)
  const end = (target && scene.socketAt(target.place, other(wiring.side))) ?? point
  const path = controller.container.querySelector('[data-pseudo]')
  path?.setAttribute('d', wiring.side === 'out' ? linkPath(start, end) : linkPath(end, start))
  for (const dot of controller.stage.layer.querySelectorAll('[data-target]')) {
    dot.removeAttribute('data-target')
  }
  if (target?.fit.fits) {
    const key = CSS.escape(socketKey(target.place, other(wiring.side)))
    controller.stage.layer.querySelector(`[data-socket="${key}"]`)?.setAttribute('data-target', '')
  }
  showTip(controller, target && !target.fit.fits ? target.fit.reason : '', screen)
}

/** Ends the link at a point: makes it, refuses it, or opens the search. */
export function dropWiring(controller: Controller, point: Point): void {
  const { wiring, scene } = controller
  if (!wiring) return
  const target = targetAt(controller, point)
  endWiring(controller)
  const { taken } = wiring
  const words = say(graphWords)
  if (!target) {
    if (taken) {
      edit(words('disconnect'), (workflow) => disconnect(workflow, taken))
      return
    }
    const type = scene.socket(wiring.from, wiring.side)?.type ?? 'T'
    const side = wiring.side === 'in' ? 'input' : 'output'
    surface.setState({ search: { at: point, from: { ...wiring.from, side, type } } })
    return
  }
  const [from, to] =
    wiring.side === 'out' ? [wiring.from, target.place] : [target.place, wiring.from]
  if (target.fit.fits) link(from, to, taken)
  else refuse(controller, from, to, target.fit)
}

/** Makes a link; one that was taken off another input goes in the same step. */
export function link(from: Place, to: Place, taken?: Place): void {
  const words = say(graphWords)
  if (taken && printPlace(taken) === printPlace(to)) return
  edit(words('connect'), (workflow) => {
    const first = taken ? disconnect(workflow, taken) : []
    return [...first, ...connect(applyPatch(workflow, first), from, to)]
  })
}

/** Takes back what shows that a link is being drawn. */
export function endWiring(controller: Controller): void {
  const { container, stage } = controller
  controller.wiring = undefined
  delete container.dataset.wiring
  for (const dot of stage.layer.querySelectorAll('[data-fits],[data-origin],[data-target]')) {
    dot.removeAttribute('data-fits')
    dot.removeAttribute('data-origin')
    dot.removeAttribute('data-target')
  }
  container.querySelector('[data-pseudo]')?.setAttribute('d', '')
  showTip(controller, '', { x: 0, y: 0 })
}

/** Says why a link is refused, and offers the node that would make it fit. */
function refuse(
  { scene }: Controller,
  from: Place,
  to: Place,
  fit: Extract<Fit, { fits: false }>,
): void {
  const words = say(graphWords)
  notify(
    words('refused', { from: printPlace(from), to: printPlace(to), reason: fit.reason }),
    'bad',
  )
  if (fit.converters.length === 0) return
  const start = scene.socketAt(from, 'out')
  const end = scene.socketAt(to, 'in')
  const at = start && end ? { x: (start.x + end.x) / 2 - 120, y: (start.y + end.y) / 2 } : undefined
  const choices = fit.converters.map((info) => ({
    label: words('convert', { node: info.title }),
    run: () => insertConverter(info, from, to, at ?? { x: 0, y: 0 }),
  }))
  surface.setState({ dialog: { name: 'converter', about: { reason: fit.reason, choices } } })
}

/** Puts a converter between two sockets, as one step. */
export function insertConverter(info: NodeInfo, from: Place, to: Place, at: Point): void {
  edit(say(graphWords)('convert', { node: info.title }), (workflow) =>
    between(workflow, info, from, to, at),
  )
}

/** Ops that add a node of this type and lead a link through it. */
export function between(
  workflow: Workflow,
  info: NodeInfo,
  from: Place,
  to: Place,
  { x, y }: Point,
): PatchOp[] {
  const { ops, id } = addNode(workflow, { type: info.type, x: Math.round(x), y: Math.round(y) })
  return [...ops, ...leadThrough(applyPatch(workflow, ops), id, from, to)]
}

/** Ops that lead a link through a node that is there; none where the node does not fit. */
export function leadThrough(workflow: Workflow, id: string, from: Place, to: Place): PatchOp[] {
  const infos = catalogue.getState().nodes
  const entry = workflow.nodes[id]
  const info = entry && infoOf(workflow, entry, infos)
  if (!entry || !info) return []
  const into = fitting(workflow, infos, from, 'output')
  const input = inputsOf(entry, info).find(({ name }) => into.get(`${id}.in.${name}`)?.fits)
  if (!input) return []
  const first = connect(workflow, from, { node: id, socket: input.name })
  const linked = applyPatch(workflow, first)
  const back = fitting(linked, infos, to, 'input')
  const output = outputsOf(linked.nodes[id]!, info).find(
    ({ name }) => back.get(`${id}.out.${name}`)?.fits,
  )
  if (!output) return []
  return [...first, ...connect(linked, { node: id, socket: output.name }, to)]
}

/** The socket near a point, or the first that fits on the node that lies there. */
function targetAt(controller: Controller, point: Point) {
  const { wiring, scene, stage } = controller
  if (!wiring) return undefined
  const side = other(wiring.side)
  const reach = 18 / stage.transform.k
  const area = { x: point.x - reach, y: point.y - reach, width: 2 * reach, height: 2 * reach }
  let best: { place: Place; distance: number } | undefined
  let over: string | undefined
  for (const id of scene.nodesIn(area)) {
    const { box, shape } = scene.nodes.get(id)!
    for (const socket of shape.sockets) {
      if (socket.side !== side) continue
      const distance = Math.hypot(box.x + socket.x - point.x, box.y + socket.y - point.y)
      if (distance <= reach && distance < (best?.distance ?? reach + 1)) {
        best = { place: { node: id, socket: socket.name }, distance }
      }
    }
    const inside = point.x >= box.x && point.x <= box.x + box.width && point.y >= box.y
    if (inside && point.y <= box.y + box.height) over = id
  }
  if (best) return withFit(wiring, best.place, side)
  if (over === undefined || over === wiring.from.node) return undefined
  const sockets = scene.nodes.get(over)!.shape.sockets.filter((socket) => socket.side === side)
  const first = sockets.find(({ name }) => wiring.fits.get(`${over}.${side}.${name}`)?.fits)
  const chosen = first ?? sockets[0]
  return chosen && withFit(wiring, { node: over, socket: chosen.name }, side)
}

function withFit(wiring: Wiring, place: Place, side: 'in' | 'out') {
  const fit = wiring.fits.get(socketKey(place, side))
  return fit && { place, fit }
}

function other(side: 'in' | 'out'): 'in' | 'out' {
  return side === 'in' ? 'out' : 'in'
}

function socketKey({ node, socket }: Place, side: 'in' | 'out'): string {
  return `${node}.${side}.${socket}`
}

/** A sentence beside the pointer; none hides it. */
export function showTip({ container }: Controller, text: string, screen: Point): void {
  const tip = container.querySelector<HTMLElement>('[data-tip]')
  if (!tip) return
  tip.style.display = text === '' ? 'none' : 'block'
  if (text === '') return
  const { left, top } = container.getBoundingClientRect()
  tip.textContent = text
  tip.style.left = `${screen.x - left + 14}px`
  tip.style.top = `${screen.y - top + 14}px`
}
