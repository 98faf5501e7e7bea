import type { AlgorithmName } from '../lora/algorithms.ts'
import type { LoraParts } from '../lora/layer-request.ts'
import type { Part } from '../lora/naming.ts'
import { add, fixedDim, integers, mul, reshape, scalar } from '../onnx/express.ts'
import type { Value } from '../onnx/value.ts'
import { hadamardDelta, kroneckerDelta, loraDelta } from './weight-algorithms/deltas.ts'
import { type ChangeRequest, sizesOf } from './weight-algorithms/request.ts'

export type { ChangeRequest } from './weight-algorithms/request.ts'

/** A parametrisation that changes a weight inside the program it is trained in. */
export interface WeightAlgorithm {
  /** The trained parts, in the order of the file; those that a module lacks are skipped. */
  readonly parts: readonly Part[]
  /** What `alpha` is divided by; undefined where the change is not scaled. */
  readonly rank: (parts: LoraParts) => number | undefined
  /** The changed weight, of the stored one's shape. */
  readonly changed: (request: ChangeRequest) => Value
}

/** A change that is added to the weight. */
interface AddedChange extends Omit<WeightAlgorithm, 'changed'> {
  readonly delta: (request: ChangeRequest) => Value
}

const lora: AddedChange = {
  parts: ['up', 'down', 'mid'],
  rank: (parts) => parts.get('down')?.shape[0],
  delta: loraDelta,
}

const loha: AddedChange = {
  parts: ['hada_w1_a', 'hada_w1_b', 'hada_w2_a', 'hada_w2_b', 'hada_t1', 'hada_t2'],
  rank: (parts) => parts.get('hada_w1_b')?.shape[0],
  delta: hadamardDelta,
}

const lokr: AddedChange = {
  parts: [
    ...(['lokr_w1', 'lokr_w1_a', 'lokr_w1_b'] as const),
    ...(['lokr_w2', 'lokr_w2_a', 'lokr_w2_b', 'lokr_t2'] as const),
  ],
  rank: (parts) => (parts.get('lokr_w2_b') ?? parts.get('lokr_w1_b'))?.shape[0],
  delta: kroneckerDelta,
}

/** What DoRA turns the weight by. */
function innerChange(has: (part: Part) => boolean): AddedChange {
  if (has('hada_w1_a')) return loha
  return has('lokr_w1') || has('lokr_w1_a') ? lokr : lora
}

/**
 * By the names of `lora/algorithms.ts`. Low-rank factors are live inputs of their layer instead;
 * `lora` is here for factors with a core between them.
 */
export const weightAlgorithms: Readonly<Partial<Record<AlgorithmName, WeightAlgorithm>>> = {
  lora: added(lora),
  loha: added(loha),
  lokr: added(lokr),
  dora: {
    parts: [...lora.parts, ...loha.parts, ...lokr.parts, 'dora_scale', 'magnitude'],
    rank: (parts) => innerChange((part) => parts.has(part)).rank(parts),
    changed: (request) =>
      stretched(
        request,
        innerChange((part) => request.parts.has(part)),
      ),
  },
}

function added({ delta, ...rest }: AddedChange): WeightAlgorithm {
  return { ...rest, changed: (request) => moved(request, delta(request)) }
}

/** `W + dW`. */
function moved({ builder, stored }: ChangeRequest, delta: Value): Value {
  const shape = stored.shape.map(fixedDim)
  return add(builder, stored, shape.length === 2 ? delta : reshape(builder, delta, shape))
}

/**
 * DoRA: `m V / (|V| + epsilon)` with `V = W + dW` and the length of each row, or of each input
 * where the stored lengths say so; the gradient passes through the length. See
 * `lora/weight-changes.ts`.
 */
function stretched(request: ChangeRequest, { delta }: AddedChange): Value {
  const { builder, stored, parts } = request
  const { rows, inputs, area } = sizesOf(request)
  const direction = reshape(builder, moved(request, delta(request)), [rows, inputs, area])
  const lengths = (parts.get('magnitude') ?? parts.get('dora_scale'))!
  const isByRow = parts.has('magnitude') || lengths.shape[0] === rows
  const squares = mul(builder, direction, direction)
  const sums = builder.op('ReduceSum', [squares, integers(builder, isByRow ? [1, 2] : [0, 2])])
  // A length of 0 has no slope; so small a one stays what it is beside the epsilon.
  const length = builder.op('Sqrt', [builder.op('Max', [sums, scalar(builder, 1e-30)])])
  const wanted = reshape(builder, lengths, isByRow ? [rows, 1, 1] : [1, inputs, 1])
  const stretch = builder.op('Div', [wanted, add(builder, length, scalar(builder, epsilon))])
  return reshape(builder, mul(builder, direction, stretch), stored.shape.map(fixedDim))
}

/** The smallest step of float32 at 1, as LyCORIS adds it. */
const epsilon = 2 ** -23
