import type { ElementType } from '../onnx/value.ts'

/** Element types that cross between the host and a session. */
export type HostArray = Float32Array | BigInt64Array

/** Numbers in host memory, row-major. */
export interface HostTensor {
  readonly data: HostArray
  readonly shape: readonly number[]
}

/** The element type of a host tensor. */
export function typeOf(tensor: HostTensor): ElementType {
  return tensor.data instanceof BigInt64Array ? 'int64' : 'float32'
}

/** Number of elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1)
}
