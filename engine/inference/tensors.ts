import type { NumericTensor } from '../sockets.ts'

/** Small host arithmetic on batches; every function gives new tensors. */

/** Tensors one after another along the first axis. All other axes must agree. */
export function stack(tensors: readonly NumericTensor[]): NumericTensor {
  const [first] = tensors
  if (!first || tensors.length === 1) return first ?? { data: new Float32Array(0), shape: [0] }
  const data = new Float32Array(tensors.reduce((sum, tensor) => sum + tensor.data.length, 0))
  let start = 0
  for (const tensor of tensors) {
    data.set(tensor.data, start)
    start += tensor.data.length
  }
  const batch = tensors.reduce((sum, tensor) => sum + tensor.shape[0]!, 0)
  return { data, shape: [batch, ...first.shape.slice(1)] }
}

/** A batch of one repeated; a larger batch must have the wanted size already. */
export function repeat(tensor: NumericTensor, batch: number): NumericTensor {
  if (tensor.shape[0] === batch) return tensor
  return stack(Array.from({ length: batch }, () => tensor))
}

/** Equal parts along the first axis. */
export function unstack(tensor: NumericTensor, parts: number): NumericTensor[] {
  const length = tensor.data.length / parts
  const shape = [tensor.shape[0]! / parts, ...tensor.shape.slice(1)]
  return Array.from({ length: parts }, (_, part) => ({
    data: tensor.data.slice(part * length, (part + 1) * length),
    shape,
  }))
}

/** Joins `[batch, channels, height, width]` tensors along the channels. */
export function joinChannels(tensors: readonly NumericTensor[]): NumericTensor {
  const [batch, , height, width] = tensors[0]!.shape as [number, number, number, number]
  const items = tensors.map((tensor) => unstack(repeat(tensor, batch), batch))
  const joined = Array.from({ length: batch }, (_, item) =>
    stack(items.map((parts) => reshaped(parts[item]!, height, width))),
  )
  const channels = joined[0]!.shape[0]!
  return { data: stack(joined).data, shape: [batch, channels, height, width] }
}

/** A batch of one without its first axis: the channels come first. */
function reshaped(tensor: NumericTensor, height: number, width: number): NumericTensor {
  return { data: tensor.data, shape: [tensor.shape[1]!, height, width] }
}

/** Each value by a function. */
export function mapValues(
  tensor: NumericTensor,
  change: (value: number, index: number) => number,
): NumericTensor {
  return { data: tensor.data.map(change), shape: tensor.shape }
}
