import { createBuilder } from '../../engine/onnx/builder.ts'
import type { Program } from '../../engine/onnx/value.ts'
import type { HostTensor } from '../../engine/runtime/tensor.ts'

/** Programs that the tests of sessions run on every provider. */

/** `sum [n, 4] = x + y`. */
export function sumProgram(): Program {
  const builder = createBuilder('sum')
  const x = builder.input('x', 'float32', ['n', 4])
  const y = builder.input('y', 'float32', ['n', 4])
  builder.output('sum', builder.op('Add', [x, y]))
  return builder.finish()
}

/** A convolution of 4 channels by fed weights. */
export function convProgram(): Program {
  const builder = createBuilder('conv')
  const x = builder.input('x', 'float32', ['n', 4, 'h', 'w'])
  const weight = builder.input('weight', 'float32', ['out', 4, 3, 3])
  const attributes = { kernel_shape: [3, 3], pads: [1, 1, 1, 1], strides: [1, 1] }
  builder.output('y', builder.op('Conv', [x, weight], attributes))
  return builder.finish()
}

/** `y = w` for a weight of four numbers in a file. */
export function weightProgram(file: string): Program {
  const builder = createBuilder('weight')
  const x = builder.input('x', 'float32', ['n', 4])
  const weight = builder.weight('w', 'float32', [4], { file, offset: 8, length: 16 })
  builder.output('y', builder.op('Add', [x, weight]))
  return builder.finish()
}

/** A tensor of one repeated number. */
export function filled(number: number, ...shape: number[]): HostTensor {
  return { data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(number), shape }
}
