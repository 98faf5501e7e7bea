import { FormatError } from '../errors.ts'
import { columnsOf, type LayerRequest, type LoraParts, rowsOf } from './layer-request.ts'
import { type LinearAlgorithm, linearAlgorithms } from './linear-changes.ts'
import { scaled } from './matrix.ts'
import type { Part } from './naming.ts'
import { denseDelta, doraDelta, ia3Delta, storedDelta, type WeightDelta } from './weight-changes.ts'

/**
 * The algorithms of LoRA files. What has exact factors of a small rank stays live: its strength is
 * an input of the network. What has none, or none that are cheaper than the layer, is baked.
 */

export type { LayerRequest, LoraParts, LoraTensor } from './layer-request.ts'

/** The change of one layer's weight at strength 1 is `up` times `down`. */
export interface LayerFactors {
  /** Shape of the layer's weight: `[out, in]` or `[out, in, height, width]`. */
  readonly shape: readonly number[]
  readonly rank: number
  /** `[rank, in]` or `[rank, in, height, width]`. */
  readonly down: Float32Array
  /** `[out, rank]` or `[out, rank, 1, 1]`; contains `alpha / rank`. */
  readonly up: Float32Array
}

/** A change that goes into the weight before the network is loaded. */
export interface BakedChange {
  /** The algorithm, for people. */
  readonly title: string
  readonly delta: WeightDelta
}

/** What a module does to a weight, norm or bias. */
export type ModuleChange =
  | { readonly live: LayerFactors; readonly baked?: never }
  | { readonly baked: BakedChange; readonly live?: never }

export type AlgorithmName = keyof typeof algorithms

/** Recognises the algorithm of a module; undefined where only an `alpha` is left. */
export function algorithmOf(parts: LoraParts): AlgorithmName | undefined {
  return algorithmNames.find((name) => algorithms[name].recognise(parts))
}

/** Can it be applied? If not, its title is for the message that says so. */
export function algorithmTitle(name: AlgorithmName): { title: string; supported: boolean } {
  const algorithm: Algorithm = algorithms[name]
  return { title: algorithm.title, supported: 'parts' in algorithm }
}

/**
 * What a module does to its layer. Throws a FormatError that names the tensor, its shape and the
 * shape expected if they do not fit, and for an algorithm that cannot be applied.
 */
export function moduleChange(name: AlgorithmName, request: LayerRequest): ModuleChange {
  const algorithm: Algorithm = algorithms[name]
  if (!('parts' in algorithm)) {
    throw new FormatError(
      `${request.file}: ${request.layer} is changed by ${algorithm.title}, not supported yet`,
    )
  }
  expectParts(request, algorithm)
  return 'change' in algorithm
    ? linearModule(algorithm, request)
    : { baked: { title: algorithm.title, delta: algorithm.bake(request) } }
}

function linearModule(algorithm: LinearAlgorithm, request: LayerRequest): ModuleChange {
  const change = algorithm.change(request)
  const side = Math.min(rowsOf(request), columnsOf(request))
  if (change.rank > algorithm.liveRank(side)) {
    return { baked: { title: `${algorithm.title} of high rank`, delta: denseDelta(change) } }
  }
  const { left, right } = change.product()
  const up = scaled(left, change.scale)
  return { live: { shape: request.shape, rank: up.columns, down: right.data, up: up.data } }
}

interface BakedAlgorithm {
  readonly title: string
  readonly recognise: (parts: LoraParts) => boolean
  /** Every part it understands. */
  readonly parts: readonly Part[]
  /** Throws where the parts do not fit, so that what it gives does not. */
  readonly bake: (request: LayerRequest) => WeightDelta
}

/** Known by its keys and refused. */
type UnsupportedAlgorithm = Pick<BakedAlgorithm, 'title' | 'recognise'>

type Algorithm = LinearAlgorithm | BakedAlgorithm | UnsupportedAlgorithm

const { lora, loha, lokr } = linearAlgorithms
const doraParts = ['dora_scale', 'magnitude'] as const satisfies Part[]

/** The first that recognises its parts counts: DoRA is a LoRA, LoHa or LoKr with one part more. */
const algorithms = {
  dora: {
    title: 'DoRA',
    recognise: (parts) => doraParts.some((part) => parts.has(part)),
    parts: [...new Set([...lora.parts, ...loha.parts, ...lokr.parts, ...doraParts])],
    bake: (request) => {
      const inner = new Map([...request.parts].filter(([part]) => !isDora(part)))
      const algorithm: LinearAlgorithm =
        [loha, lokr].find(({ recognise }) => recognise(inner)) ?? lora
      expectParts({ ...request, parts: inner }, algorithm)
      return doraDelta(request, algorithm.change(request))
    },
  },
  oft: { title: 'OFT', recognise: (parts) => parts.has('oft_blocks') },
  glora: { title: 'GLoRA', recognise: (parts) => parts.has('a1') },
  ia3: {
    title: 'IA3',
    recognise: (parts) => parts.has('on_input') || parts.has('weight'),
    parts: ['on_input', 'weight'],
    bake: ia3Delta,
  },
  norm: {
    title: 'norm difference',
    recognise: (parts) => parts.has('w_norm') || parts.get('diff')?.shape.length === 1,
    parts: ['w_norm', 'diff'],
    bake: (request) => storedDelta(request, ['w_norm', 'diff']),
  },
  bias: {
    title: 'bias difference',
    recognise: (parts) => parts.has('diff_b') || parts.has('b_norm'),
    parts: ['diff_b', 'b_norm'],
    bake: (request) => storedDelta(request, ['diff_b', 'b_norm']),
  },
  upBias: { title: 'bias of lora_B', recognise: (parts) => parts.has('bias') },
  ...linearAlgorithms,
} satisfies Record<string, Algorithm>

/** Every algorithm, in the order in which they are recognised. */
export const algorithmNames = Object.keys(algorithms) as readonly AlgorithmName[]

function isDora(part: Part): boolean {
  return doraParts.some((own) => own === part)
}

function expectParts(
  { file, parts }: LayerRequest,
  { title, parts: known }: { title: string; parts: readonly Part[] },
): void {
  const extra = [...parts].find(([part]) => !known.includes(part))
  if (!extra) return
  throw new FormatError(`${file}: ${extra[1].name} found, no such part expected in ${title}`)
}
