import { WorkflowError } from '../errors.ts'
import { blockWeight } from '../lora/block-weights.ts'
import type { NetworkLayers } from '../lora/layer-index.ts'
import type { LoraTensor } from '../lora/layer-request.ts'
import type { Lora, LoraModule } from '../lora/load.ts'
import { type LoraNetwork, type Part, underscored } from '../lora/naming.ts'
import { keyPrefixes, kohyaKey } from '../lora/save/key-names.ts'
import type { Model, TextEncoder } from '../models/handles.ts'
import { layersOf, type ReadWeight, type Weights, weightOf } from '../models/weights.ts'
import { type InitialPart, initialParts } from './initial/parts.ts'
import { alphaOr, type NetworkSettings } from './settings/network.ts'

/** What a LoRA in training is, beside an ordinary LoRA. */
export interface TrainableInfo {
  readonly settings: NetworkSettings
  readonly seed: number
  /** Parameters and optimizer state of a training that goes on step by step. */
  readonly state?: ReadonlyMap<string, Float32Array>
}

/** A LoRA that knows how it is to be trained. */
export interface TrainableLora extends Lora {
  readonly trainable: TrainableInfo
}

/** The networks that a LoRA is made for. */
export interface InitialRequest {
  readonly model: Model
  readonly textEncoder?: TextEncoder | undefined
  readonly settings: NetworkSettings
  readonly seed: number
  /** For algorithms that begin from the weights themselves. */
  readonly readWeight: ReadWeight
}

/**
 * A LoRA that changes nothing yet: which layers, at which ranks, with the first numbers that kohya
 * and LyCORIS give them, drawn from the seed. Throws a WorkflowError for a rank above what a layer
 * holds and where no layer would be trained.
 */
export async function initialLora(request: InitialRequest): Promise<TrainableLora> {
  const { model, textEncoder, settings, seed } = request
  const modules: LoraModule[] = []
  if (!settings.networkTrainTextEncoderOnly) {
    modules.push(...(await networkModules('unet', model.unet.weights, request)))
  }
  if (!settings.networkTrainUnetOnly && textEncoder) {
    modules.push(...(await networkModules('textEncoder', textEncoder.network.weights, request)))
  }
  if (modules.length === 0) {
    const wanted = settings.networkTrainTextEncoderOnly ? 'a linked text encoder' : 'a rank above 0'
    throw new WorkflowError(`lora-init: no layer is trained, ${wanted} expected`)
  }
  const text = textEncoder?.network.id ?? ''
  return {
    name: 'lora-init',
    key: JSON.stringify(['lora-init', model.unet.id, text, settings, seed]),
    modules,
    unknownKeys: [],
    metadata: {},
    family: model.family.id as Lora['family'],
    allowUnmatched: false,
    triggers: [],
    trainable: { settings, seed },
  }
}

/** A LoRA that goes on from another one, whose ranks and algorithm count. */
export function continuedLora(from: Lora, settings: NetworkSettings, seed: number): TrainableLora {
  const trained = from.modules.filter(({ network }) => {
    return network === 'unet'
      ? !settings.networkTrainTextEncoderOnly
      : !settings.networkTrainUnetOnly
  })
  if (trained.length === 0) {
    const network = settings.networkTrainUnetOnly ? 'U-Net' : 'text encoder'
    throw new WorkflowError(`${from.name}: nothing for the ${network}, factors expected`)
  }
  return {
    ...from,
    key: JSON.stringify(['continued', from.key, settings, seed]),
    modules: trained,
    trainable: { settings, seed },
  }
}

/** The training of a LoRA value; one that came from elsewhere is trained as it is. */
export function trainableOf(lora: Lora): TrainableInfo | undefined {
  return (lora as Partial<TrainableLora>).trainable
}

async function networkModules(
  network: LoraNetwork,
  weights: Weights,
  { settings, seed, readWeight }: InitialRequest,
): Promise<LoraModule[]> {
  const modules: LoraModule[] = []
  for (const { layer, shape, rank, alpha } of chosenLayers(network, layersOf(weights), settings)) {
    const parts = initialParts(settings.networkAlgorithm, {
      ...{ shape, rank, factor: settings.factor, seed: [seed, network, layer] },
      weight: () => readWeight(weightOf(weights, `${layer}.weight`)),
    })
    modules.push(await moduleOf(network, layer, { parts, alpha, settings }))
  }
  return modules
}

interface ModuleSource {
  readonly parts: AsyncIterable<InitialPart>
  readonly alpha: number
  readonly settings: NetworkSettings
}

async function moduleOf(
  network: LoraNetwork,
  layer: string,
  { parts, alpha, settings }: ModuleSource,
): Promise<LoraModule> {
  const path = underscored(layer)
  const tensors = new Map<Part, LoraTensor>()
  const put = (part: Part, shape: readonly number[], data: Float32Array) => {
    tensors.set(part, { name: kohyaKey(keyPrefixes(false)[network], path, part), shape, data })
  }
  put('alpha', [], Float32Array.of(alpha))
  for await (const { part, shape, data } of parts) put(part, shape, data)
  return {
    ...{ network, target: 'weight', path, parts: tensors },
    algorithm: settings.networkAlgorithm,
    scaleFor: () => undefined,
  }
}

interface ChosenLayer {
  readonly layer: string
  readonly shape: readonly number[]
  readonly rank: number
  readonly alpha: number
}

interface LayerRule {
  readonly network: LoraNetwork
  readonly pattern: RegExp
  /** Whether it belongs to those that `convDim` adds. */
  readonly needsConv: boolean
}

/** The modules that kohya's networks.lora adapts. */
const rules: readonly LayerRule[] = [
  { network: 'unet', pattern: /\.attentions\.\d+\./, needsConv: false },
  { network: 'unet', pattern: /\.(resnets|downsamplers|upsamplers)\.\d+\./, needsConv: true },
  { network: 'textEncoder', pattern: /\.(self_attn|mlp)\./, needsConv: false },
]

function* chosenLayers(
  network: LoraNetwork,
  layers: NetworkLayers,
  settings: NetworkSettings,
): Generator<ChosenLayer> {
  const hasConv = settings.convDim !== undefined || settings.convBlockDims !== undefined
  const own = rules.filter((rule) => rule.network === network && (hasConv || !rule.needsConv))
  for (const [layer, shape] of layers) {
    if (shape.length < 2 || !own.some(({ pattern }) => pattern.test(layer))) continue
    const { rank, alpha } = sizeIn(layer, shape, settings)
    if (rank === 0) continue
    checkRank(layer, shape, rank, settings)
    yield { layer, shape, rank, alpha: alphaOr(rank, alpha) }
  }
}

/** Rank and alpha of a layer: its block's, or the one of all, that of 3 x 3 convolutions apart. */
function sizeIn(layer: string, shape: readonly number[], settings: NetworkSettings) {
  const isLarge = (shape[2] ?? 1) > 1
  const [dim, alpha] = isLarge
    ? [settings.convDim ?? 0, settings.convAlpha]
    : [settings.networkDim, settings.networkAlpha]
  const dims = isLarge ? settings.convBlockDims : settings.blockDims
  const alphas = isLarge ? settings.convBlockAlphas : settings.blockAlphas
  const isUnet = !layer.startsWith('text_model.')
  // Block weights have one more number, for the text encoder.
  const inBlock = (values: readonly number[] | undefined, whole: number) =>
    values && isUnet ? blockWeight([0, ...values], layer) : whole
  return { rank: inBlock(dims, dim), alpha: inBlock(alphas, alpha) }
}

function checkRank(
  layer: string,
  [out = 0, ...inner]: readonly number[],
  rank: number,
  { networkAlgorithm }: NetworkSettings,
): void {
  const most = Math.min(
    out,
    inner.reduce((product, size) => product * size, 1),
  )
  if (networkAlgorithm === 'lokr' || rank <= most) return
  throw new WorkflowError(
    `lora-init: rank ${rank} for ${layer}, at most ${most} expected, its smaller side; lower the rank`,
  )
}
