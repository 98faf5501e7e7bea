import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { decodeLatent, encodeImage } from '../../engine/inference/autoencode.ts'
import { encodePrompt } from '../../engine/inference/encode-prompt.ts'
import { openPredictor } from '../../engine/inference/predict.ts'
import { joinChannels, mapValues, stack } from '../../engine/inference/tensors.ts'
import type { Checkpoint } from '../../engine/models/checkpoint.ts'
import type { Model } from '../../engine/models/handles.ts'
import { denoiserOf, type Prediction } from '../../engine/sampling/denoiser.ts'
import { guided } from '../../engine/sampling/guidance.ts'
import { addScaled, blend, type Latent, scaled } from '../../engine/sampling/latent.ts'
import type { Denoiser } from '../../engine/sampling/sampler.ts'
import { type SamplerName, samplers } from '../../engine/sampling/samplers.ts'
import { discreteSigmas } from '../../engine/sampling/sigma-table.ts'
import type { NumericTensor } from '../../engine/sockets.ts'
import { goldenCases, goldenTensors, relativeError, values } from '../support/golden.ts'
import {
  checkpointOf,
  modelOf,
  singleFile,
  testRuntime,
  textEncoderOf,
  tinyModels,
  vaeOf,
} from '../support/tiny.ts'

/** Whole trajectories against diffusers, networks and samplers together. */
const tolerance = 1e-4

const runtime = testRuntime()
afterAll(() => runtime.pool.close())

const table = discreteSigmas()

/** Our sampler for a diffusers scheduler, and whether its latents are scaled to variance 1. */
const schedulers: Record<string, { sampler: SamplerName; scaled: boolean }> = {
  EulerDiscreteScheduler: { sampler: 'euler', scaled: false },
  EulerAncestralDiscreteScheduler: { sampler: 'euler_ancestral', scaled: false },
  DDIMScheduler: { sampler: 'ddim', scaled: true },
  DPMSolverMultistepScheduler: { sampler: 'dpmpp_2m', scaled: true },
}

interface PipelineCase {
  kind: string
  scheduler: string
  scheduler_config: { set_alpha_to_one?: boolean; prediction_type?: string }
  prompt: string | string[]
  negative_prompt: string | string[]
  steps: number
  cfg: number
  strength?: number
  clip_skip_a1111?: number
}

for (const tiny of tinyModels()) {
  const name = tiny.folder.split('/').at(-1)!
  const own = checkpointOf(singleFile(tiny), tiny.config)
  const base = tinyModels().find((other) => name.startsWith(other.name))!
  // An inpaint U-Net alone is used with the text encoder and VAE of the model it belongs to.
  const rest = own.vae ? own : checkpointOf(singleFile(base), base.config)
  for (const { name: title, folder, settings } of goldenCases(`models/${name}`)) {
    if (!('pipeline' in settings)) continue
    if (!(String(settings.scheduler) in schedulers)) {
      console.info(`not covered: ${title}, for its ${settings.scheduler}`)
      continue
    }
    describe(title, () => {
      test('latents of every step and the picture are those of the reference', async () => {
        await compare({ ...rest, ...own }, folder, settings as unknown as PipelineCase)
      })
    })
  }
}

async function compare(checkpoint: Checkpoint, folder: string, settings: PipelineCase) {
  const inputs = goldenTensors(join(folder, 'inputs.safetensors'))
  const expected = goldenTensors(join(folder, 'expected.safetensors'))
  const scheduler = schedulers[settings.scheduler]!
  const get = (name: string): NumericTensor => ({
    data: values(inputs, name),
    shape: inputs.get(name)!.shape,
  })
  const { sigmas, first, timestepOf } = sigmasOf(settings, expected)
  const repaints = settings.kind.startsWith('inpaint')
  const start = await startOf(checkpoint, settings, inputs, get, sigmas[0]!)

  const batch = start.x.shape[0]!
  const mask = repaints ? latentMask(get('mask'), start.x.shape) : undefined
  const nine = modelOf(checkpoint).unet.config.inChannels === 9
  const predictor = await openPredictor(runtime.pool, runtime.feeder, {
    contexts: await Promise.all([
      contextOf(checkpoint, settings.prompt, settings.clip_skip_a1111),
      contextOf(checkpoint, settings.negative_prompt, settings.clip_skip_a1111),
    ]),
    batch,
    ...(nine && mask && { extra: await inpaintChannels(checkpoint, settings, get, mask) }),
  })
  const prediction = predictionNames[settings.scheduler_config.prediction_type ?? 'epsilon']!
  const denoise = guidedBy(
    { ...modelOf(checkpoint), prediction },
    predictor,
    settings.cfg,
    timestepOf,
  )

  const noises = [...inputs.keys()].filter((key) => /^noise\.\d+$/.test(key)).length
  let drawn = 0
  const options = { noise: () => get(`noise.${drawn++ % noises}`), eta: 1, sNoise: 1 }
  const definition = samplers[scheduler.sampler]
  const perStep = values(expected, 'latents_per_step')
  const size = start.x.data.length
  let x: Latent = start.x
  const check = (index: number) => {
    const next = sigmas[index + 1]!
    const shown = scheduler.scaled ? scaled(x, 1 / Math.sqrt(1 + next ** 2)) : x
    const reference = perStep.subarray(index * size, (index + 1) * size)
    expect(relativeError(shown.data, reference), `step ${index}`).toBeLessThan(tolerance)
  }
  if (mask && !nine) {
    // diffusers blends after each step: one interval at a time, the samplers here have no memory.
    for (let index = 0; index + 1 < sigmas.length; index++) {
      for await (const step of definition.run(
        denoise,
        x,
        sigmas.slice(index, index + 2),
        options,
      )) {
        x = step.x
      }
      const last = index + 2 === sigmas.length
      const kept = last ? start.latent! : addScaled(start.latent!, start.noise!, sigmas[index + 1]!)
      const clean =
        last && scheduler.scaled ? scaled(kept, Math.sqrt(1 + sigmas.at(-1)! ** 2)) : kept
      x = blend(x, clean, mask)
      check(index)
    }
  } else {
    for await (const step of definition.run(denoise, x, sigmas, options)) {
      x = step.x
      check(step.index)
    }
  }
  predictor.close()
  expect(first + sigmas.length - 1).toBe(settings.steps)
  const final = scheduler.scaled ? scaled(x, 1 / Math.sqrt(1 + sigmas.at(-1)! ** 2)) : x
  expect(relativeError(final.data, values(expected, 'final_latents'))).toBeLessThan(tolerance)
  if (expected.has('image')) {
    const image = await decodeLatent(runtime.pool, vaeOf(checkpoint), final as NumericTensor)
    expect(relativeError(image.data, values(expected, 'image'))).toBeLessThan(tolerance)
  }
}

const predictionNames: Record<string, Prediction> = {
  epsilon: 'epsilon',
  v_prediction: 'v',
  sample: 'sample',
}

/** The sigmas that the scheduler walked and the timesteps it fed, as far as it recorded them. */
function sigmasOf(settings: PipelineCase, expected: ReturnType<typeof goldenTensors>) {
  const timesteps = [...values(expected, 'timesteps')]
  const isDdim = settings.scheduler === 'DDIMScheduler'
  const all = expected.has('sigmas')
    ? [...values(expected, 'sigmas')]
    : timesteps.map((timestep) => table.sigmas[timestep]!)
  if (all.length === timesteps.length) {
    all.push(isDdim && !settings.scheduler_config.set_alpha_to_one ? table.sigmas[0]! : 0)
  }
  const timestepOf = (sigma: number) =>
    timesteps[all.indexOf(sigma)] ?? table.timestepOfSigma(sigma)
  const first =
    settings.steps - Math.min(settings.steps, Math.trunc(settings.steps * (settings.strength ?? 1)))
  return { sigmas: all.slice(first), first, timestepOf }
}

/** Where the run begins: from noise alone, or from a picture. */
async function startOf(
  checkpoint: Checkpoint,
  settings: PipelineCase,
  inputs: ReturnType<typeof goldenTensors>,
  get: (name: string) => NumericTensor,
  sigma: number,
): Promise<{ x: Latent; latent?: Latent; noise?: Latent }> {
  const fromNoise = (noise: Latent) => scaled(noise, Math.sqrt(1 + sigma ** 2))
  if (!inputs.has('image')) return { x: fromNoise(get('latents')) }
  const whole = (settings.strength ?? 1) >= 1
  const nine = modelOf(checkpoint).unet.config.inChannels === 9
  // A run of full strength on an inpaint U-Net never encodes the picture itself.
  if (whole && nine) return { x: fromNoise(get('noise.0')) }
  const latent = await encodeImage(runtime.pool, vaeOf(checkpoint), get('image'), get('noise.0'))
  const noise = get('noise.1')
  return { x: whole ? fromNoise(noise) : addScaled(latent, noise, sigma), latent, noise }
}

/** Mask and masked picture as the further channels of an inpaint U-Net. */
async function inpaintChannels(
  checkpoint: Checkpoint,
  settings: PipelineCase,
  get: (name: string) => NumericTensor,
  mask: Latent,
): Promise<NumericTensor> {
  const image = get('image')
  const hole = get('mask')
  const area = hole.data.length
  const masked = mapValues(image, (value, i) => (hole.data[i % area]! < 0.5 ? value : 0.5))
  const noise = get((settings.strength ?? 1) >= 1 ? 'noise.1' : 'noise.2')
  const latent = await encodeImage(runtime.pool, vaeOf(checkpoint), masked, noise)
  const [, , height, width] = latent.shape as [number, number, number, number]
  const plane = new Float32Array(mask.data.subarray(0, height * width))
  return joinChannels([{ data: plane, shape: [1, 1, height, width] }, latent])
}

/** Nearest place of a hard mask, repeated over the channels. */
function latentMask(mask: NumericTensor, shape: readonly number[]): Latent {
  const [, channels, height, width] = shape as [number, number, number, number]
  const full = mask.shape[3]!
  const plane = Float32Array.from({ length: height * width }, (_, i) => {
    const [y, x] = [Math.floor(i / width) * 8, (i % width) * 8]
    return mask.data[y * full + x]! >= 0.5 ? 1 : 0
  })
  return {
    data: new Float32Array(
      Array(channels)
        .fill([...plane])
        .flat(),
    ),
    shape,
  }
}

function guidedBy(
  model: Model,
  predictor: Awaited<ReturnType<typeof openPredictor>>,
  guidance: number,
  timestepOfSigma: (sigma: number) => number,
): Denoiser {
  return async (x, sigma) => {
    let pair: NumericTensor[] = []
    const one = (index: number) =>
      denoiserOf({
        table: { ...table, timestepOfSigma },
        prediction: model.prediction,
        predict: async (input, timestep) => {
          if (index === 0) pair = await predictor.predict(model, input as NumericTensor, [timestep])
          return pair[index]!
        },
      })(x, sigma)
    const cond = await one(0)
    return guided({ cond, uncond: await one(1) }, guidance)
  }
}

async function contextOf(checkpoint: Checkpoint, prompt: string | string[], skip = 1) {
  const encoded: NumericTensor[] = []
  for (const text of Array.isArray(prompt) ? prompt : [prompt]) {
    const { conditioning } = await encodePrompt(runtime, textEncoderOf(checkpoint), {
      text,
      style: 'comfy',
      skip,
    })
    encoded.push(conditioning.context)
  }
  return stack(encoded)
}
