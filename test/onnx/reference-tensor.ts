import type { Attribute } from '../../engine/onnx/value.ts'

/** Tensors of float64 for the reference arithmetic of the tests: slow and obvious. */

export interface Reference {
  readonly shape: readonly number[]
  readonly data: readonly number[]
}

/** A tensor by a function of the place. */
export function build(shape: readonly number[], act: (at: number[]) => number): Reference {
  const count = shape.reduce((a, b) => a * b, 1)
  const at = new Array<number>(shape.length).fill(0)
  const data = Array.from({ length: count }, () => {
    const value = act(at)
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at[axis]! += 1
      if (at[axis]! < shape[axis]!) break
      at[axis] = 0
    }
    return value
  })
  return { shape, data }
}

export function get({ shape, data }: Reference, at: readonly number[]): number {
  return data[indexOf(shape, at)]!
}

/** The place in row-major order. */
export function indexOf(shape: readonly number[], at: readonly number[]): number {
  let index = 0
  for (let axis = 0; axis < shape.length; axis++) index = index * shape[axis]! + at[axis]!
  return index
}

export function getOr0(x: Reference, at: readonly number[]): number {
  return at.every((index, axis) => index >= 0 && index < x.shape[axis]!) ? get(x, at) : 0
}

/** The shape of an elementwise result. */
export function broadcast(shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length))
  return Array.from({ length: rank }, (_, axis) =>
    Math.max(...shapes.map((shape) => shape[axis - rank + shape.length] ?? 1)),
  )
}

export function broadcastAt(x: Reference, at: readonly number[]): number {
  const own = at.slice(at.length - x.shape.length)
  return get(
    x,
    own.map((index, axis) => (x.shape[axis] === 1 ? 0 : index)),
  )
}

export function matMul(a: Reference, b: Reference): Reference {
  const [inner, columns] = b.shape.slice(-2) as [number, number]
  const outer = broadcast([a.shape.slice(0, -2), b.shape.slice(0, -2)])
  return build([...outer, a.shape.at(-2)!, columns], (at) => {
    const column = at.at(-1)!
    const startOf = (x: Reference) => {
      const front = at.slice(at.length - x.shape.length, -2)
      const place = front.map((index, axis) => (x.shape[axis] === 1 ? 0 : index))
      return indexOf(x.shape.slice(0, -2), place)
    }
    const ofA = (startOf(a) * a.shape.at(-2)! + at.at(-2)!) * inner
    const ofB = startOf(b) * inner * columns + column
    let sum = 0
    for (let i = 0; i < inner; i++) sum += a.data[ofA + i]! * b.data[ofB + i * columns]!
    return sum
  })
}

/** The last two axes exchanged. */
export function swapped(x: Reference): Reference {
  const shape = [...x.shape.slice(0, -2), x.shape.at(-1)!, x.shape.at(-2)!]
  return build(shape, (at) => get(x, [...at.slice(0, -2), at.at(-1)!, at.at(-2)!]))
}

export function flip(x: Reference): Reference {
  return build(x.shape.toReversed(), (at) => get(x, at.toReversed()))
}

export function inRows(
  x: Reference,
  length: number,
  act: (row: readonly number[], index: number) => readonly number[],
): Reference {
  const rows = Array.from({ length: x.data.length / length }, (_, index) =>
    act(x.data.slice(index * length, (index + 1) * length), index),
  )
  return { shape: x.shape, data: rows.flat() }
}

export function softmax(row: readonly number[]): number[] {
  const greatest = Math.max(...row)
  const powers = row.map((value) => Math.exp(value - greatest))
  const sum = powers.reduce((a, b) => a + b, 0)
  return powers.map((value) => value / sum)
}

export function normalised(row: readonly number[], epsilon: Attribute | undefined): number[] {
  const centre = mean(row)
  const variance = mean(row.map((value) => (value - centre) ** 2))
  return row.map((v) => (v - centre) / Math.sqrt(variance + (epsilon as { float: number }).float))
}

export function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length
}

export function reduce(
  x: Reference,
  given: { readonly axes: readonly number[]; readonly keepdims: Attribute | undefined },
  act: (values: readonly number[]) => number,
): Reference {
  const axes = given.axes.map((axis) => (axis < 0 ? axis + x.shape.length : axis))
  const shape = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size))
  const groups = build(shape, () => 0).data.map((): number[] => [])
  build(x.shape, (at) => {
    const kept = at.map((index, axis) => (axes.includes(axis) ? 0 : index))
    groups[indexOf(shape, kept)]!.push(get(x, at))
    return 0
  })
  const kept = given.keepdims === 0 ? x.shape.filter((_, axis) => !axes.includes(axis)) : shape
  return { shape: kept, data: groups.map(act) }
}

/** The error function by its Taylor series; enough terms for |x| up to 4. */
export function erf(x: number): number {
  let term = x
  let sum = x
  for (let n = 1; n < 120; n++) {
    term *= -(x * x) / n
    sum += term / (2 * n + 1)
  }
  return (2 / Math.sqrt(Math.PI)) * sum
}
