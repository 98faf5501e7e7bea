import { z } from 'zod'
import { defineNode, lossChart, renderSvg } from '../engine/index.ts'

const side = z.int().min(200).max(4096)

export default defineNode({
  type: 'loss-chart',
  title: 'Loss chart',
  category: 'training',
  description:
    'Draws the course of a training: loss of every step, its average, validation, learning rate, ' +
    'loss by timestep.',
  inputs: { training: 'training' },
  params: z.object({
    width: side.default(960).describe('pixels'),
    height: side.default(540).describe('pixels'),
  }),
  outputs: { image: 'image' },
  async run({ training }, size) {
    return { image: await renderSvg(lossChart(training, size)) }
  },
})
