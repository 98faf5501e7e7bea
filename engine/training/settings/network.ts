import { z } from 'zod'
import type { Rule } from './rule.ts'

/** How the change of a layer is written as a few numbers. */
export const networkAlgorithms = ['lora', 'loha', 'lokr', 'dora'] as const

/** Blocks of a U-Net of SD 1.x: 12 down, 1 in the middle, 12 up. */
export const networkBlocks = 25

const rank = z.int().min(1).max(4096)
const scale = z.number().min(0).max(4096)
const share = z.number().min(0).lt(1)
const perBlock = <Value extends z.ZodType>(value: Value) => z.array(value).length(networkBlocks)

/** What is trained: the form of the LoRA. Names and defaults of kohya, `networkAlgorithm` aside. */
export const networkShape = {
  networkAlgorithm: z
    .enum(networkAlgorithms)
    .default('lora')
    .describe('lora, or the parametrisations of LyCORIS: loha, lokr; dora learns lengths too'),
  networkDim: rank.default(4).describe('the rank: more holds more and makes a larger file'),
  networkAlpha: scale.default(1).describe('the change is scaled by alpha / rank; 0 means the rank'),
  convDim: rank.optional().describe('rank of the 3 x 3 convolutions; absent leaves them alone'),
  convAlpha: scale.default(1).describe('alpha of the 3 x 3 convolutions; 0 means their rank'),
  blockDims: perBlock(z.int().min(0).max(4096))
    .optional()
    .describe('a rank for each of the 25 blocks of the U-Net; 0 leaves a block alone'),
  blockAlphas: perBlock(scale).optional().describe('an alpha for each of the 25 blocks'),
  convBlockDims: perBlock(z.int().min(0).max(4096))
    .optional()
    .describe('a rank for the 3 x 3 convolutions of each of the 25 blocks'),
  convBlockAlphas: perBlock(scale)
    .optional()
    .describe('an alpha for the 3 x 3 convolutions of each of the 25 blocks'),
  factor: z
    .int()
    .min(-1)
    .default(-1)
    .describe('lokr: size of the small Kronecker factor; -1 is the most even split'),
  networkDropout: share.default(0).describe('share of the inner values left out of a step'),
  rankDropout: share.default(0).describe('share of the ranks left out of a step'),
  moduleDropout: share.default(0).describe('share of the layers left unchanged in a step'),
  scaleWeightNorms: z
    .number()
    .gt(0)
    .optional()
    .describe('largest norm of the change of a layer; longer ones are shortened after a step'),
  networkTrainUnetOnly: z.boolean().default(false).describe('leave the text encoder as it is'),
  networkTrainTextEncoderOnly: z.boolean().default(false).describe('leave the U-Net as it is'),
  networkWeights: z.string().min(1).optional().describe('LoRA file to go on from'),
  dimFromWeights: z.boolean().default(false).describe('take the ranks of networkWeights'),
}

/** Settings of the network alone. */
export type NetworkSettings = z.infer<z.ZodObject<typeof networkShape>>

export const networkRules: readonly Rule<NetworkSettings>[] = [
  {
    setting: 'networkTrainTextEncoderOnly',
    broken: (settings) => settings.networkTrainUnetOnly && settings.networkTrainTextEncoderOnly,
    expected: 'expected false where networkTrainUnetOnly is true; nothing would be trained',
  },
  {
    setting: 'dimFromWeights',
    broken: ({ dimFromWeights, networkWeights }) => dimFromWeights && networkWeights === undefined,
    expected: 'expected a file in networkWeights to take the ranks from',
  },
  {
    setting: 'blockAlphas',
    broken: ({ blockDims, blockAlphas }) => blockAlphas !== undefined && blockDims === undefined,
    expected: 'expected together with blockDims',
  },
  {
    setting: 'convBlockAlphas',
    broken: (settings) =>
      settings.convBlockAlphas !== undefined && settings.convBlockDims === undefined,
    expected: 'expected together with convBlockDims',
  },
  {
    setting: 'blockDims',
    broken: ({ blockDims, convBlockDims }) =>
      blockDims?.every((value) => value === 0) === true &&
      convBlockDims?.some((value) => value > 0) !== true,
    expected: 'expected a rank above 0 in at least one block',
  },
  {
    setting: 'factor',
    broken: ({ factor, networkAlgorithm }) => factor !== -1 && networkAlgorithm !== 'lokr',
    expected: ({ networkAlgorithm }) =>
      `expected -1 with networkAlgorithm ${networkAlgorithm}; only lokr has a factor`,
  },
  {
    setting: 'factor',
    broken: ({ factor }) => factor === 0,
    expected: 'expected -1 or at least 1',
  },
]

/** Alpha that a rank is divided by: 0 stands for the rank itself, as in kohya's files. */
export function alphaOr(rank: number, alpha: number): number {
  return alpha === 0 ? rank : alpha
}
