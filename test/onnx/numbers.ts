import type { Dim, Shape } from '../../engine/onnx/dims.ts'

/** Small helpers of the tests of programs. */

/** A bfloat16, the upper half of a float32, as a number. */
export function fromBfloat16(bits: number): number {
  return new Float32Array(new Uint32Array([bits << 16]).buffer)[0]!
}

/** The size that a dim such as `2*batch*(floor((height-2)/2)+1)` stands for. */
export function sizeOfDim(dim: Dim, sizes: Readonly<Record<string, number>>): number {
  if (typeof dim === 'number') return dim
  const text = dim.replace(/[A-Za-z_][\w:]*/g, (name) =>
    name === 'floor' ? 'Math.floor' : String(sizes[name]),
  )
  if (!/^(Math\.floor|[\d+\-*/().])+$/.test(text)) throw new Error(`${dim}: not a size`)
  return new Function(`return ${text}`)() as number
}

/** A shape with all its symbols replaced. */
export function sizesOfShape(shape: Shape, sizes: Readonly<Record<string, number>>): number[] {
  return shape.map((dim) => sizeOfDim(dim, sizes))
}

/** The symbols that fed shapes bind. */
export function boundSymbols(
  inputs: readonly { readonly name: string; readonly shape: Shape }[],
  feeds: Readonly<Record<string, { readonly shape: readonly number[] }>>,
): Record<string, number> {
  const bound: Record<string, number> = {}
  for (const { name, shape } of inputs) {
    shape.forEach((dim, axis) => {
      if (typeof dim === 'string') bound[dim] = feeds[name]!.shape[axis]!
    })
  }
  return bound
}

/** Greatest difference over the greatest expected number. */
export function relativeDifference(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  let difference = 0
  let greatest = 1e-30
  for (let i = 0; i < expected.length; i++) {
    difference = Math.max(difference, Math.abs(Number(found[i]) - expected[i]!))
    greatest = Math.max(greatest, Math.abs(expected[i]!))
  }
  return found.length === expected.length ? difference / greatest : Number.POSITIVE_INFINITY
}
