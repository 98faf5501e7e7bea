import { expect, test } from 'vitest'
import type { Image } from '../../engine/index.ts'
import type { NodeContext } from '../../engine/workflow/index.ts'
import lossChart from '../../nodes/loss-chart.ts'

test('the course of a training becomes a picture', async () => {
  const norms = { gradientNorm: 1, parameterNorm: 1, updateNorm: 1 }
  const log = Array.from({ length: 20 }, (_, index) => ({
    ...{ step: index + 1, epoch: 0, loss: 1 / (index + 1), average: 1 / (index + 1) },
    ...{ rates: { unet: 1e-4 }, samples: [], ...norms },
  }))
  const training = { name: 'ink', log, validations: [], bins: [] }
  const params = lossChart.params.parse({ width: 320, height: 240 })
  const outputs = await lossChart.run({ training }, params, {} as NodeContext)
  const image = outputs.image as Image
  expect(image.shape).toEqual([1, 3, 240, 320])
  const colours = new Set(image.data.subarray(0, 240 * 320))
  expect(colours.size).toBeGreaterThan(20)
})
