import { FormatError } from '../errors.ts'
import { type Dim, type Shape, showShape } from '../onnx/dims.ts'
import type { Value } from '../onnx/value.ts'

/**
 * Compares the shapes that are fed with those a program declares, binding each symbol to one
 * size. Not every provider refuses wrong shapes, so they are checked before it sees them.
 * Throws a `FormatError` that names the input, what was found and what was expected.
 */
export function bindShapes(
  program: string,
  inputs: readonly Value[],
  shapes: Readonly<Record<string, readonly number[] | undefined>>,
): void {
  const bound = new Map<string, number>()
  const later: (() => void)[] = []
  for (const input of inputs) {
    const shape = shapes[input.name]
    if (!shape)
      throw new FormatError(`${program}: input ${input.name} is absent, expected a tensor`)
    if (shape.length !== input.shape.length) throw wrong(program, input, shape, input.shape)
    // A rank of 0 runs on the processor; on WebGPU it has ended the process.
    if (shape.some((size) => size < 1)) throw wrong(program, input, shape, input.shape, atLeastOne)
    shape.forEach((size, axis) => {
      const dim = input.shape[axis]!
      if (typeof dim === 'number') {
        if (size !== dim) throw wrong(program, input, shape, input.shape)
      } else if (isOptional(dim)) {
        const expected = dim.slice(2)
        // Only plain symbols can be compared: computed sizes are known to the program alone.
        later.push(() => {
          const known = bound.get(expected)
          if (size !== 1 && known !== undefined && size !== known) {
            throw wrong(program, input, shape, input.shape)
          }
        })
      } else {
        const known = bound.get(dim)
        if (known === undefined) bound.set(dim, size)
        else if (known !== size) throw wrong(program, input, shape, input.shape, `${dim} ${known}`)
      }
    })
  }
  for (const check of later) check()
}

function isOptional(dim: Dim): dim is string {
  return typeof dim === 'string' && dim.startsWith('1|')
}

const atLeastOne = 'sizes of 1 and more'

function wrong(
  program: string,
  input: Value,
  found: readonly number[],
  expected: Shape,
  condition?: string,
): FormatError {
  const where = condition ? ` with ${condition}` : ''
  return new FormatError(
    `${program}: ${input.name} has shape ${showShape(found)}, expected ${showShape(expected)}${where}`,
  )
}
