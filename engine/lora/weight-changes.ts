import {
  areaOf,
  columnsOf,
  inputsOf,
  type LayerRequest,
  matrixOf,
  misfit,
  need,
  rowsOf,
  vectorOf,
} from './layer-request.ts'
import type { LinearChange } from './linear-changes.ts'
import { multiples } from './matrix.ts'
import type { Part } from './naming.ts'

/**
 * The changes that have no factors, because they depend on the weight itself or touch a norm or a
 * bias. They are baked: worked out for a strength before the network is loaded.
 */

/** The difference that a strength makes to the original `weight`, as an array of its own. */
export type WeightDelta = (weight: Float32Array, strength: number) => Float32Array

/** The difference of a linear change, multiplied out. */
export function denseDelta({ scale, dense }: LinearChange): WeightDelta {
  return (_, strength) => multiples(dense().data, scale * strength)
}

/**
 * DoRA: `s (D - W)`, where `D` is `V = W + dW` with every row (or every input) stretched to a
 * stored length: `D = V m / (|V| + epsilon)`. `dW` is the change of the LoRA itself at strength 1.
 * Liu et al. 2024 (arXiv 2402.09353), with the epsilon of LyCORIS.
 */
export function doraDelta(request: LayerRequest, { scale, dense }: LinearChange): WeightDelta {
  const { lengths, axis } = magnitudes(request)
  const groups = groupsOf(request, axis)
  return (weight, strength) => {
    const moved = multiples(dense().data, scale)
    for (let i = 0; i < moved.length; i++) moved[i]! += weight[i]!
    const squares = sumsOfSquares(moved, groups)
    const stretch = squares.map((sum, group) => lengths[group]! / (Math.sqrt(sum) + epsilon))
    const delta = stretched(moved, stretch, groups)
    for (let i = 0; i < delta.length; i++) delta[i] = strength * (delta[i]! - weight[i]!)
    return delta
  }
}

/** The smallest step of float32 at 1. */
const epsilon = 2 ** -23

/**
 * The stored lengths: one for each output where the first size says so, else for each input.
 * PEFT's vector is always of outputs, whatever its axes.
 */
function magnitudes(request: LayerRequest): { lengths: Float32Array; axis: Axis } {
  const rows = rowsOf(request)
  if (request.parts.has('magnitude')) {
    return { lengths: vectorOf(request, 'magnitude', rows), axis: 'output' }
  }
  const tensor = need(request, 'dora_scale')
  const axis = tensor.shape[0] === rows ? 'output' : 'input'
  if (tensor.data.length !== (axis === 'output' ? rows : inputsOf(request))) {
    throw misfit(request, tensor, `[${rows}, 1] or [1, ${inputsOf(request)}]`)
  }
  return { lengths: tensor.data, axis }
}

/**
 * IA3: `s W w`, one number for each input where `on_input` is 1, else for each output.
 * Liu et al. 2022 (arXiv 2205.05638), as LyCORIS writes it.
 */
export function ia3Delta(request: LayerRequest): WeightDelta {
  const axis = request.parts.get('on_input')?.data[0] === 1 ? 'input' : 'output'
  const length = axis === 'input' ? inputsOf(request) : rowsOf(request)
  const factors = vectorOf(request, 'weight', length)
  const groups = groupsOf(request, axis)
  return (weight, strength) => stretched(weight, multiples(factors, strength), groups)
}

type Axis = 'output' | 'input'

/** A weight as `[outer, count, inner]`, where the middle axis is that of outputs or inputs. */
interface Groups {
  readonly outer: number
  readonly count: number
  readonly inner: number
}

function groupsOf(request: LayerRequest, axis: Axis): Groups {
  return axis === 'output'
    ? { outer: 1, count: rowsOf(request), inner: columnsOf(request) }
    : { outer: rowsOf(request), count: inputsOf(request), inner: areaOf(request) }
}

function sumsOfSquares(data: Float32Array, { outer, count, inner }: Groups): Float64Array {
  const sums = new Float64Array(count)
  let i = 0
  for (let row = 0; row < outer; row++) {
    for (let group = 0; group < count; group++) {
      for (const end = i + inner; i < end; i++) sums[group]! += data[i]! * data[i]!
    }
  }
  return sums
}

/** Each element times the factor of its group. */
function stretched(
  data: Float32Array,
  factors: Float32Array | Float64Array,
  { outer, count, inner }: Groups,
): Float32Array {
  const result = new Float32Array(data.length)
  let i = 0
  for (let row = 0; row < outer; row++) {
    for (let group = 0; group < count; group++) {
      for (const end = i + inner; i < end; i++) result[i] = data[i]! * factors[group]!
    }
  }
  return result
}

/** A stored difference of a norm or a bias, under the first of the names that is present. */
export function storedDelta(request: LayerRequest, names: readonly Part[]): WeightDelta {
  const part = names.find((name) => request.parts.has(name)) ?? names[0]!
  const { data } = matrixOf(request, part, [rowsOf(request), columnsOf(request)])
  return (_, strength) => multiples(data, strength)
}
