import { type BlueprintTensor, blueprintTensors } from '../../models/blueprint.ts'
import { families } from '../../models/families.ts'
import type { ModelPlan } from './demo-plan.ts'
import { type NewWeights, newWeights } from './new-weights.ts'
import { type Vocabulary, wholeTable } from './vocabulary.ts'

/** The three parts of a new model. They are trained apart, for its latents are known. */
export const partNames = ['denoiser', 'decoder', 'encoder'] as const
export type PartName = (typeof partNames)[number]

/** A part that was trained: all its tensors by canonical name, in the shapes of the plan. */
export interface NewPart {
  readonly part: PartName
  readonly weights: ReadonlyMap<string, Float32Array>
}

/** The table that is trained in small, see `Vocabulary`. */
export const tokenTable = 'text_model.embeddings.token_embedding.weight'

/** Which tensors belong to a part, by network and canonical name. */
const isOf: Readonly<Record<PartName, (tensor: BlueprintTensor) => boolean>> = {
  denoiser: ({ network }) => network !== 'vae',
  decoder: ({ network, name }) => network === 'vae' && /^(decoder|post_quant_conv)\./.test(name),
  encoder: ({ network, name }) => network === 'vae' && /^(encoder|quant_conv)\./.test(name),
}

/** What the latents of the family are multiplied by. */
const { latentScale } = families.find(({ id }) => id === 'sd15')!

/** Log variance of encoded pictures: there is next to none. */
const noVariance = -10

/** The tensors of a part, the token table with so many rows. */
export function partTensors(
  plan: ModelPlan,
  part: PartName,
  rows?: number,
): readonly BlueprintTensor[] {
  const own = blueprintTensors(plan.blueprint).filter(isOf[part])
  if (rows === undefined) return own
  const shape = [rows, plan.blueprint.textEncoder.width]
  return own.map((tensor) => (tensor.name === tokenTable ? { ...tensor, shape } : tensor))
}

/**
 * First numbers of all tensors of a part. What adds nothing at first ends in zeros; the
 * convolutions beside the latent only scale it, so that it has mean 0 and variance 1.
 */
export function firstWeights(
  plan: ModelPlan,
  tensors: readonly BlueprintTensor[],
  seed: number,
): NewWeights {
  const zeroed = new Set([
    ...[...plan.silentAttention].map((name) => `${name}.to_out.0`),
    ...[...plan.lateResnets].map((name) => `${name}.conv2`),
  ])
  const networks = new Set(tensors.map(({ network }) => network))
  const weights: NewWeights = new Map()
  for (const network of networks) {
    for (const [name, data] of newWeights(tensors, network, { seed, zeroed })) {
      weights.set(name, data)
    }
  }
  for (const [name, data] of latentScaling()) if (weights.has(name)) weights.set(name, data)
  return weights
}

/** Whether a tensor is trained at some time; what only stands in the file is not. */
export function isTrained(plan: ModelPlan, name: string): boolean {
  if (name.startsWith('quant_conv.')) return false
  const silent = [...plan.silentAttention].flatMap((attention) => [
    attention,
    attention.replace(/attn1$/, 'norm1'),
  ])
  const late = [...plan.lateResnets].filter((resnet) => resnet.startsWith('encoder.'))
  return ![...silent, ...late].some((layer) => name.startsWith(`${layer}.`))
}

/**
 * A part as it stands in a file: its trained weights, the whole token table, and the tensors that
 * were not trained as they begin.
 */
export function wholePart(
  plan: ModelPlan,
  part: PartName,
  trained: ReadonlyMap<string, Float32Array>,
  { seed, vocabulary }: { seed: number; vocabulary: Vocabulary },
): NewWeights {
  const { width, vocabulary: words = 49408 } = plan.blueprint.textEncoder
  const weights = firstWeights(plan, partTensors(plan, part, vocabulary.rows), seed)
  for (const name of weights.keys()) weights.set(name, trained.get(name) ?? weights.get(name)!)
  const table = weights.get(tokenTable)
  if (table) weights.set(tokenTable, wholeTable(table, vocabulary, width, words))
  return weights
}

/** `post_quant_conv` undoes what `quant_conv` does; this gives a mean and no variance. */
function latentScaling(): NewWeights {
  const channels = 4
  const diagonal = (rows: number, value: number) => {
    const weight = new Float32Array(rows * rows)
    for (let channel = 0; channel < channels; channel++) weight[channel * (rows + 1)] = value
    return weight
  }
  return new Map([
    ['post_quant_conv.weight', diagonal(channels, latentScale)],
    ['post_quant_conv.bias', new Float32Array(channels)],
    ['quant_conv.weight', diagonal(2 * channels, 1 / latentScale)],
    ['quant_conv.bias', new Float32Array(2 * channels).fill(noVariance, channels)],
  ])
}
