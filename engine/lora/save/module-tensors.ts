import type { SafetensorsTensor } from '../../formats/safetensors.ts'
import { type NetworkLayers, targetName } from '../layer-index.ts'
import type { LoraTensor } from '../layer-request.ts'
import type { LoraModule } from '../load.ts'
import { type LoraNetwork, type Part, underscored } from '../naming.ts'
import { type KeyPrefixes, kohyaKey } from './key-names.ts'
import { encodeScalar, encodeTensor, type LoraPrecision } from './number-format.ts'

/** The layers of the networks that a LoRA is for, where they are known. */
export type KnownLayers = Readonly<Partial<Record<LoraNetwork, NetworkLayers>>>

export interface ModuleOptions {
  readonly prefixes: KeyPrefixes
  readonly precision: LoraPrecision
  readonly layers: KnownLayers
}

/**
 * The tensors of a module under kohya's names. A path in another spelling is written in that of
 * diffusers where the layers are known, else as it is.
 */
export function* moduleTensors(
  module: LoraModule,
  { prefixes, precision, layers }: ModuleOptions,
): Generator<readonly [string, SafetensorsTensor]> {
  const { network } = module
  const path = pathOf(module, layers[network])
  for (const [part, tensor] of withAlpha(module)) {
    const key = kohyaKey(prefixes[network], path, part)
    const encode = tensor.data.length === 1 ? encodeScalar : encodeTensor
    yield [key, encode(key, withKohyaShape(part, tensor, module), precision)]
  }
}

function pathOf(module: LoraModule, layers: NetworkLayers | undefined): string {
  const layer = layers && targetName({ path: module.path, target: 'weight' }, layers)
  return layer === undefined ? module.path : underscored(layer)
}

/**
 * kohya's readers want an alpha beside every pair of factors. Where the file had none, it is the
 * rank times the scale that the metadata stated, or the rank.
 */
function withAlpha({ parts, scaleFor }: LoraModule): Iterable<readonly [Part, LoraTensor]> {
  const rank = parts.get('down')?.shape[0]
  if (rank === undefined || parts.has('alpha')) return parts
  const alpha = rank * (scaleFor(rank) ?? 1)
  return [...parts, ['alpha', { name: 'alpha', shape: [], data: Float32Array.of(alpha) }]]
}

/** PEFT has the lengths of DoRA as a list; LyCORIS gives them the axes of the weight. */
function withKohyaShape(part: Part, tensor: LoraTensor, { parts }: LoraModule): LoraTensor {
  if (part !== 'magnitude') return tensor
  const axes = parts.get('down')?.shape.length ?? 2
  return { ...tensor, shape: [tensor.data.length, ...new Array<number>(axes - 1).fill(1)] }
}
