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
import type { Part } from './naming.ts'

/**
 * The changes that have no factors, because they depend on the weight itself or touch a norm or a
 * bias. They are baked: worked out for a strength before the network is loaded.
 */

/** The difference that a strength makes to a weight: `weight` is the original, unchanged. */
export type WeightDelta = (weight: Float32Array, strength: number) => Float32Array

/** The difference of a linear change, multiplied out. */
export function denseDelta({ scale, dense }: LinearChange): WeightDelta {
  return (_, strength) => {
    const factor = scale * strength
    return dense().data.map((value) => value * factor)
  }
}

/**
 * DoRA: `s (D - W)`, where `D` is `V = W + dW` with every row (or every input) stretched to a
 * stored length: `D = V m / (|V| + epsilon)`. `dW` is the change of the LoRA itself at strength 1.
 * Liu et al. 2024 (arXiv 2402.09353), with the epsilon of LyCORIS.
 */
export function doraDelta(request: LayerRequest, { scale, dense }: LinearChange): WeightDelta {
  const { lengths, runs } = magnitudes(request)
  return (weight, strength) => {
    const moved = dense().data.map((value, i) => weight[i]! + scale * value)
    const squares = new Float64Array(lengths.length)
    runs((group, from, to) => {
      for (let i = from; i < to; i++) squares[group]! += moved[i]! ** 2
    })
    const stretch = squares.map((sum, group) => lengths[group]! / (Math.sqrt(sum) + epsilon))
    runs((group, from, to) => {
      for (let i = from; i < to; i++) {
        moved[i] = strength * (moved[i]! * stretch[group]! - weight[i]!)
      }
    })
    return moved
  }
}

/** The smallest step of float32 at 1. */
const epsilon = 2 ** -23

/**
 * The stored lengths: one for each output where the first size says so, else for each input.
 * PEFT's vector is always of outputs, whatever its axes.
 */
function magnitudes(request: LayerRequest): { lengths: Float32Array; runs: Runs } {
  const rows = rowsOf(request)
  if (request.parts.has('magnitude')) {
    return { lengths: vectorOf(request, 'magnitude', rows), runs: runsOf(request, 'output') }
  }
  const tensor = need(request, 'dora_scale')
  const axis = tensor.shape[0] === rows ? 'output' : 'input'
  if (tensor.data.length !== (axis === 'output' ? rows : inputsOf(request))) {
    throw misfit(request, tensor, `[${rows}, 1] or [1, ${inputsOf(request)}]`)
  }
  return { lengths: tensor.data, runs: runsOf(request, axis) }
}

/**
 * IA3: `s W w`, one number for each input where `on_input` is 1, else for each output.
 * Liu et al. 2022 (arXiv 2205.05638), as LyCORIS writes it.
 */
export function ia3Delta(request: LayerRequest): WeightDelta {
  const axis = request.parts.get('on_input')?.data[0] === 1 ? 'input' : 'output'
  const length = axis === 'input' ? inputsOf(request) : rowsOf(request)
  const factors = vectorOf(request, 'weight', length)
  const runs = runsOf(request, axis)
  return (weight, strength) => {
    const delta = new Float32Array(weight.length)
    runs((group, from, to) => {
      const factor = strength * factors[group]!
      for (let i = from; i < to; i++) delta[i] = weight[i]! * factor
    })
    return delta
  }
}

/** Visits a weight in runs of elements that belong to one output or one input. */
type Runs = (visit: (group: number, from: number, to: number) => void) => void

function runsOf(request: LayerRequest, axis: 'output' | 'input'): Runs {
  const rows = rowsOf(request)
  const [outer, groups, length] =
    axis === 'output' ? [1, rows, columnsOf(request)] : [rows, inputsOf(request), areaOf(request)]
  return (visit) => {
    for (let run = 0; run < outer * groups; run++) {
      visit(run % groups, run * length, (run + 1) * length)
    }
  }
}

/** A stored difference of a norm or a bias, under the first of the names that is present. */
export function storedDelta(request: LayerRequest, names: readonly Part[]): WeightDelta {
  const part = names.find((name) => request.parts.has(name)) ?? names[0]!
  const { data } = matrixOf(request, part, [rowsOf(request), columnsOf(request)])
  return (_, strength) => data.map((value) => strength * value)
}
