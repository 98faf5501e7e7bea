import { expect, test } from 'vitest'
import { denoiserOf, type Prediction, scaleInput } from '../../engine/sampling/denoiser.ts'
import type { Latent } from '../../engine/sampling/latent.ts'
import { discreteSigmas } from '../../engine/sampling/sigma-table.ts'
import { expectKnown, forCases, goldenSet, largestGap, reportNotCovered } from './golden-data.ts'

interface Scaling {
  sigma: number
  x: number[]
  model_output: number[]
  latent: number[]
  calculate_input: number[]
  calculate_denoised: number[]
}

const predictionNames: Record<string, Prediction> = { eps: 'epsilon', v: 'v', x0: 'sample' }
const notBuilt = new Set(['lcm', 'edm', 'const'])

const tables = goldenSet<Record<string, { prediction: string; scaling: Scaling[] }>>(
  'samplers/schedules/sigma_tables',
)
const models = Object.entries(tables?.json ?? {})
const kinds = models.map(([, { prediction }]) => prediction)

expectKnown('prediction', kinds, new Set([...Object.keys(predictionNames), ...notBuilt]))
reportNotCovered(
  'predictions',
  kinds.filter((kind) => notBuilt.has(kind)),
)

const line = (numbers: number[]): Latent => ({
  data: Float32Array.from(numbers),
  shape: [numbers.length],
})

forCases('from raw predictions to the clean latent', models, ([name, model]) => {
  const { prediction: kind, scaling } = model
  const prediction = predictionNames[kind]
  if (!prediction) return
  test(`${name}: input scale and denoised`, async () => {
    for (const one of scaling) {
      const x = line(one.x)
      const scale = Math.max(...one.calculate_denoised.map(Math.abs))
      expect(largestGap(scaleInput(x, one.sigma).data, one.calculate_input)).toBeLessThan(1e-6)
      const denoise = denoiserOf({
        prediction,
        table: discreteSigmas(),
        predict: async (input) => {
          expect(largestGap(input.data, one.calculate_input)).toBeLessThan(1e-6)
          return line(one.model_output)
        },
      })
      const denoised = await denoise(x, one.sigma)
      expect(largestGap(denoised.data, one.calculate_denoised) / scale).toBeLessThan(1e-6)
    }
  })
})
