import type { BlueprintTensor } from '../../models/blueprint.ts'
import type { NetworkName } from '../../models/checkpoint.ts'
import type { Weights } from '../../models/weights.ts'
import { TorchRandom } from '../../sampling/torch-random.ts'
import { mixSeed } from '../seeds.ts'

/** Numbers of the tensors of a model that is trained from nothing, by canonical name. */
export type NewWeights = Map<string, Float32Array>

/** What a layer that closes a residual branch begins with, as a share of the usual. */
const closingShare = 0.3

const closing = /\.(conv2|to_out\.0|ff\.net\.2|proj_out|self_attn\.out_proj|mlp\.fc2)\.weight$/

/**
 * First numbers of a network: uniform within one over the root of the fan-in, as PyTorch's layers
 * begin; residual branches smaller; the last convolution of a U-Net and `zeroed` layers 0, so that
 * they add nothing at first. Drawn from the seed and the name.
 */
export function newWeights(
  tensors: readonly BlueprintTensor[],
  network: NetworkName,
  { seed, zeroed = new Set() }: { seed: number; zeroed?: ReadonlySet<string> },
): NewWeights {
  const own = tensors.filter((tensor) => tensor.network === network)
  const fanIns = new Map(
    own.flatMap(({ name, shape, role }) =>
      role === 'weight' ? [[layerOf(name), product(shape) / shape[0]!] as const] : [],
    ),
  )
  return new Map(
    own.map((tensor) => [
      tensor.name,
      firstNumbers(tensor, fanIns.get(layerOf(tensor.name)), seed, zeroed),
    ]),
  )
}

function firstNumbers(
  { name, shape, role, network }: BlueprintTensor,
  fanIn: number | undefined,
  seed: number,
  zeroed: ReadonlySet<string>,
): Float32Array {
  const count = product(shape)
  const random = new TorchRandom(mixSeed(seed, 'weights', network, name))
  if (role === 'norm') return new Float32Array(count).fill(1)
  if (role === 'embedding')
    return random.normal(count).map((number) => number * embeddingScale(name))
  const isLast = network === 'unet' && layerOf(name) === 'conv_out'
  if (fanIn === undefined || isLast || zeroed.has(layerOf(name))) return new Float32Array(count)
  const reach = (closing.test(name) ? closingShare : 1) / Math.sqrt(fanIn)
  return random.uniformBetween(count, -reach, reach)
}

function embeddingScale(name: string): number {
  return name.includes('token_embedding') ? 0.3 : 0.05
}

function layerOf(name: string): string {
  return name.replace(/\.(weight|bias)$/, '')
}

function product(shape: readonly number[]): number {
  return shape.reduce((total, size) => total * size, 1)
}

/** The same tensors as a description of weights that are in no file yet. */
export function weightsInMemory(
  tensors: readonly BlueprintTensor[],
  network: NetworkName,
): Weights {
  return {
    file: 'new model',
    tensors: new Map(
      tensors
        .filter((tensor) => tensor.network === network)
        .map(({ name, shape }) => [
          name,
          {
            stored: name,
            type: 'float32' as const,
            shape,
            data: { file: '', offset: 0, length: 4 * product(shape) },
          },
        ]),
    ),
  }
}
