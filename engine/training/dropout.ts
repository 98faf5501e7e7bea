import { isTimeLayer } from '../models/unet.ts'
import { type HostTensor, sizeOf } from '../runtime/tensor.ts'
import { TorchRandom } from '../sampling/torch-random.ts'
import { scaleShape, type TrainedModule } from './adapters.ts'
import { mixSeed } from './seeds.ts'

/** Shares of what is left out while low-rank factors are trained, as kohya has them. */
export interface Dropout {
  readonly seed: number
  /** Of the numbers between `down` and `up`, for every picture and place. */
  readonly network?: number | undefined
  /** Of the ranks, for every picture. */
  readonly rank?: number | undefined
  /** Of the modules, for a batch. */
  readonly module?: number | undefined
}

/** For what batch the numbers are drawn. */
export interface DropoutPlace {
  /** Of the optimizer, from 1. */
  readonly step: number
  /** Tells the micro-batches of one step apart. */
  readonly call: number
  readonly sizes: BatchSizes
}

/** How many places the layers of a batch have. */
export interface BatchSizes {
  readonly batch: number
  /** Of the latents. */
  readonly height: number
  readonly width: number
  /** Levels of the U-Net; each halves height and width. */
  readonly levels: number
  /** Tokens that the U-Net attends to. */
  readonly words: number
  /** Tokens of one window of the text encoder. */
  readonly positions: number
}

/** The scales of all live modules, `alpha / rank`: by name of the program's input. */
export function scaleFeeds(modules: readonly TrainedModule[]): Record<string, HostTensor> {
  return Object.fromEntries(
    modules.map((module) => [`${module.layer}.scale`, filled(scaleShape(module), module.scale)]),
  )
}

/**
 * The scales times what dropout leaves of them. Numbers and ranks that are left are scaled up by
 * `1 / (1 - p)`; a module that is left out changes nothing for the batch. The same seed, step and
 * call leave out the same.
 */
export function droppedScales(
  modules: readonly TrainedModule[],
  dropout: Dropout,
  place: DropoutPlace,
): Record<string, HostTensor> {
  const plain = scaleFeeds(modules)
  return Object.fromEntries(
    modules.map((module) => {
      const name = `${module.layer}.scale`
      return [name, droppedScale(module, plain[name]!, dropout, place)]
    }),
  )
}

/** True where something is left out. */
export function hasDropout({ network = 0, rank = 0, module = 0 }: Omit<Dropout, 'seed'>): boolean {
  return network > 0 || rank > 0 || module > 0
}

function droppedScale(
  module: TrainedModule,
  plain: HostTensor,
  dropout: Dropout,
  { step, call, sizes }: DropoutPlace,
): HostTensor {
  const draws = (kind: string, count: number) => {
    const seed = mixSeed(dropout.seed, kind, module.network, module.layer, step, call)
    return new TorchRandom(seed).uniform(count)
  }
  if (draws('module dropout', 1)[0]! < (dropout.module ?? 0)) return filled(plain.shape, 0)
  const { network = 0, rank = 0 } = dropout
  const axis = module.weightShape.length === 4 ? 1 : plain.shape.length - 1
  const inner = innerShape(module, sizes)
  const rows = inner[0]!
  let scale = plain
  if (rank > 0) {
    const kept = draws('rank dropout', rows * module.rank)
    scale = {
      data: kept.map((draw) => (draw >= rank ? module.scale / (1 - rank) : 0)),
      shape: plain.shape.with(0, rows),
    }
  }
  if (network === 0) return scale
  const data = draws('network dropout', sizeOf(inner))
  // Places that share a rank lie side by side in a convolution, ranks in a linear layer.
  const after = sizeOf(inner.slice(axis + 1))
  const perRow = sizeOf(inner.slice(1))
  for (let i = 0; i < data.length; i++) {
    const row = rank > 0 ? Math.floor(i / perRow) : 0
    const at = row * module.rank + (Math.floor(i / after) % module.rank)
    data[i] = data[i]! >= network ? (scale.data[at] as number) / (1 - network) : 0
  }
  return { data, shape: inner }
}

/** The shape of what stands between `down` and `up`. */
function innerShape(
  { network, layer, rank, weightShape }: TrainedModule,
  { batch, height, width, levels, words, positions }: BatchSizes,
): readonly number[] {
  if (network !== 'unet') return [(batch * words) / positions, positions, rank]
  if (isTimeLayer(layer)) return [batch, rank]
  if (/\.attn2\.to_[kv]$/.test(layer)) return [batch, words, rank]
  const shrink = 2 ** levelOf(layer, levels)
  const [rows, columns] = [height / shrink, width / shrink]
  if (weightShape.length === 4) return [batch, rank, rows, columns]
  return [batch, rows * columns, rank]
}

/** The level at which a layer's results are. */
function levelOf(layer: string, levels: number): number {
  const block = Number(layer.match(/^(?:down|up)_blocks\.(\d+)\./)?.[1] ?? 0)
  if (layer.startsWith('down_blocks.')) return block + Number(layer.includes('.downsamplers.'))
  if (layer.startsWith('mid_block.')) return levels - 1
  if (!layer.startsWith('up_blocks.')) return 0
  return levels - 1 - block - Number(layer.includes('.upsamplers.'))
}

function filled(shape: readonly number[], value: number): HostTensor {
  return { data: new Float32Array(sizeOf(shape)).fill(value), shape }
}
