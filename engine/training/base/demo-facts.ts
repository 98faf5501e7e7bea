import type { ModelFacts } from './model-file.ts'

/** What the file of the demo model says of itself. */
export const demoFacts: ModelFacts = {
  title: 'mazeru demo',
  author: 'mazeru',
  description:
    'A tiny model with the layout of Stable Diffusion 1.x, trained on drawn postcards: one or ' +
    'two objects in one of eight colours, on four grounds, at four times of day. 128 x 128 pixels.',
  licence: 'CC0-1.0',
  resolution: '128x128',
}
