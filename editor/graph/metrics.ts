import {
  inputsOf,
  outputsOf,
  type ParamShape,
  paramsOf,
  type SocketShape,
} from '../state/shapes.ts'
import type { Json, NodeEntry, NodeInfo, NodeLayout } from '../state/types.ts'
import { widgetHeight } from '../widgets/kinds.ts'
import { bodiesOf } from './bodies.ts'

/** Sizes of nodes at zoom 1, all computed: nothing is read from the page. */

export const headerHeight = 32
export const rowHeight = 26
export const nodeWidth = 240
export const bottomSpace = 8
/** Side of a reroute, which is nothing but a point on a link. */
export const rerouteSize = 28

/** A rectangle on the canvas. */
export interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** A point on the canvas. */
export interface Point {
  readonly x: number
  readonly y: number
}

/** A socket with the place of its dot, from the corner of its node. */
export interface PlacedSocket extends SocketShape {
  readonly side: 'in' | 'out'
  readonly x: number
  readonly y: number
}

/** A param row: its top from the corner of the node. */
export interface PlacedParam extends ParamShape {
  readonly y: number
  readonly height: number
  readonly linked: boolean
  /** The socket at its left, if a link may feed it. */
  readonly socket: boolean
}

/** The parts of a node with their places. */
export interface NodeShape {
  readonly width: number
  readonly height: number
  readonly sockets: readonly PlacedSocket[]
  readonly params: readonly PlacedParam[]
  /** Top of what the bodies draw. */
  readonly bodyTop: number
}

/** Places sockets and rows. A node of unknown type has the sockets that links name. */
export function shapeOf(
  entry: NodeEntry,
  info: NodeInfo | undefined,
  layout: NodeLayout,
  outgoing: readonly string[] = [],
): NodeShape {
  const inputs = info ? inputsOf(entry, info) : Object.keys(entry.inputs ?? {}).map(unknownSocket)
  const outputs = info ? outputsOf(entry, info) : outgoing.map(unknownSocket)
  if (entry.type === 'reroute') return rerouteShape(inputs, outputs)
  const width = layout.width ?? nodeWidth
  if (layout.collapsed) return collapsedShape(inputs, outputs, width)
  const bodies = info ? bodiesOf(info) : []
  const drawn = new Set(bodies.flatMap((body) => [...(body.params?.(entry, info!) ?? [])]))
  const plain = inputs.filter(({ param }) => param === undefined)
  const middle = (row: number) => headerHeight + row * rowHeight + rowHeight / 2 + 2
  const sockets: PlacedSocket[] = [
    ...plain.map((socket, row) => ({ ...socket, side: 'in' as const, x: 0, y: middle(row) })),
    ...outputs.map((socket, row) => ({
      ...socket,
      side: 'out' as const,
      x: width,
      y: middle(row),
    })),
  ]
  let y = headerHeight + Math.max(plain.length, outputs.length) * rowHeight + 4
  const params: PlacedParam[] = []
  for (const param of info ? paramsOf(entry, info) : []) {
    const linked = Object.hasOwn(entry.inputs ?? {}, param.name)
    const fed = inputs.find((socket) => socket.param && socket.name === param.name)
    if (drawn.has(param.name)) {
      if (fed) sockets.push({ ...fed, side: 'in', x: 0, y: headerHeight / 2 })
      continue
    }
    const value = entry.params?.[param.name] as Json | undefined
    const height = linked ? rowHeight : widgetHeight(param.info, value)
    params.push({ ...param, y, height, linked, socket: fed !== undefined })
    if (fed) sockets.push({ ...fed, side: 'in', x: 0, y: y + rowHeight / 2 })
    y += height
  }
  const extra = bodies.reduce((sum, body) => sum + body.height(entry, info!), 0)
  return { width, height: y + extra + bottomSpace, sockets, params, bodyTop: y }
}

/** Do two rectangles share a point? */
export function overlaps(a: Box, b: Box): boolean {
  return (
    a.x <= b.x + b.width && b.x <= a.x + a.width && a.y <= b.y + b.height && b.y <= a.y + a.height
  )
}

/** The smallest rectangle around all; undefined around none. */
export function around(boxes: Iterable<Box>): Box | undefined {
  let left = Number.POSITIVE_INFINITY
  let top = left
  let right = -left
  let bottom = -left
  for (const { x, y, width, height } of boxes) {
    left = Math.min(left, x)
    top = Math.min(top, y)
    right = Math.max(right, x + width)
    bottom = Math.max(bottom, y + height)
  }
  if (right < left) return undefined
  return { x: left, y: top, width: right - left, height: bottom - top }
}

function collapsedShape(
  inputs: readonly SocketShape[],
  outputs: readonly SocketShape[],
  width: number,
): NodeShape {
  const y = headerHeight / 2
  return {
    width,
    height: headerHeight,
    params: [],
    bodyTop: headerHeight,
    sockets: [
      ...inputs.map((socket) => ({ ...socket, side: 'in' as const, x: 0, y })),
      ...outputs.map((socket) => ({ ...socket, side: 'out' as const, x: width, y })),
    ],
  }
}

function rerouteShape(inputs: readonly SocketShape[], outputs: readonly SocketShape[]): NodeShape {
  return {
    ...collapsedShape(inputs, outputs, rerouteSize),
    height: rerouteSize,
    sockets: [
      ...inputs.map((socket) => ({ ...socket, side: 'in' as const, x: 0, y: rerouteSize / 2 })),
      ...outputs.map((socket) => ({
        ...socket,
        side: 'out' as const,
        x: rerouteSize,
        y: rerouteSize / 2,
      })),
    ],
  }
}

function unknownSocket(name: string): SocketShape {
  return { name, base: name, item: 0, type: 'T', optional: true }
}
