import { z } from 'zod'
import {
  datasetSchema,
  defineNode,
  drawnSource,
  drawPicture,
  gridOf,
  readDataset,
  styleNames,
} from '../engine/index.ts'

export default defineNode({
  type: 'draw-pictures',
  title: 'Draw pictures',
  category: 'dataset',
  description:
    'Flat postcards with captions, drawn on demand: to try out training without a photo.',
  params: z.object({
    count: z.int().min(1).max(100_000).default(24).describe('pictures in the dataset'),
    seed: z.int().min(0).default(0).meta({ seed: true }).describe('which pictures'),
    style: z
      .enum(['plain', ...styleNames])
      .default('plain')
      .describe('how they are printed: what a style LoRA may learn'),
    mascot: z.boolean().default(false).describe('all show a monster that no other picture has'),
    trigger: z.string().trim().min(1).default('mascot').describe('word for the mascot'),
    suffix: z.string().trim().default('').describe('ends every caption, such as: neon style'),
    batchSize: z.int().min(1).max(4096).default(4).describe('pictures of a step'),
    repeats: z.int().min(1).max(100_000).default(1).describe('times a picture is seen an epoch'),
    shown: z.int().min(1).max(256).default(16).describe('pictures on the contact sheet'),
    columns: z.int().min(1).max(32).default(4).describe('of the contact sheet'),
  }),
  outputs: {
    dataset: 'dataset',
    image: { type: 'image', description: 'a contact sheet of the first pictures' },
  },
  async run(_, { count, seed, style, mascot, trigger, suffix, ...params }) {
    const set = {
      ...{ count, seed, trigger, suffix },
      ...(style !== 'plain' && { style }),
      ...(mascot && { concept: 'mascot' as const }),
    }
    const settings = datasetSchema.parse({
      resolution: 128,
      batchSize: params.batchSize,
      subsets: [{ numRepeats: params.repeats, licence: 'MIT', source: 'drawn by mazeru' }],
    })
    const pictures = Array.from({ length: Math.min(count, params.shown) }, (_, index) => {
      const { image, size } = drawPicture(index, set)
      return { data: image, shape: [1, 3, size, size] }
    })
    return {
      dataset: await readDataset(drawnSource(set), settings, 'draw-pictures'),
      image: gridOf(pictures, params.columns, 6),
    }
  },
})
