import { z } from 'zod'
import type { Services } from '../context.ts'
import { WorkflowError } from '../errors.ts'
import type { Prediction } from '../models/families.ts'
import type { Model } from '../models/handles.ts'
import { denoiserOf, predictions, scaleInput } from '../sampling/denoiser.ts'
import { guidedDenoiser } from '../sampling/guidance.ts'
import { maskForLatent } from '../sampling/inpaint.ts'
import type { Latent } from '../sampling/latent.ts'
import { type NoiseStreamName, noiseStreams } from '../sampling/noise.ts'
import { planSigmas } from '../sampling/plan-sigmas.ts'
import { sample } from '../sampling/sample.ts'
import type { Denoiser } from '../sampling/sampler.ts'
import { type SamplerName, samplers } from '../sampling/samplers.ts'
import { type ScheduleName, schedules } from '../sampling/schedules.ts'
import { discreteSigmas, type SigmaTable } from '../sampling/sigma-table.ts'
import type { Conditioning, LatentImage, NumericTensor } from '../sockets.ts'
import type { NodeContext } from '../workflow/index.ts'
import { refuseNonFinite } from './finite.ts'
import { openPredictor } from './predict.ts'
import { previewOf } from './preview.ts'

function namesOf<Name extends string>(table: Record<Name, unknown>): [Name, ...Name[]] {
  return Object.keys(table) as [Name, ...Name[]]
}

/** Params that a sampler does not look at again while it runs. */
const fixed = { live: false }

/** Params that all sampling nodes share. The guidance may change between two steps. */
export const samplerParams = z.object({
  seed: z
    .int()
    .min(0)
    .default(0)
    .meta({ seed: true, ...fixed })
    .describe('picture i of a batch has the noise of seed + i'),
  steps: z
    .int()
    .min(1)
    .max(1000)
    .default(20)
    .meta(fixed)
    .describe('evaluations of the network, about'),
  guidance: z
    .number()
    .min(0)
    .max(100)
    .default(7)
    .describe('how strongly the prompt pulls away from the negative prompt; 1 is off'),
  sampler: z
    .enum(namesOf<SamplerName>(samplers))
    .default('euler')
    .meta(fixed)
    .describe('walks the sigmas'),
  schedule: z
    .enum(namesOf<ScheduleName>(schedules))
    .default('normal')
    .meta(fixed)
    .describe('makes the sigmas'),
  denoise: z
    .number()
    .gt(0)
    .max(1)
    .default(1)
    .meta(fixed)
    .describe('part of the schedule to run: lower keeps more of the latent that is given'),
  noise: z
    .enum(namesOf<NoiseStreamName>(noiseStreams))
    .default('cpu')
    .meta(fixed)
    .describe('whose noise: cpu is that of ComfyUI and PyTorch, philox that of A1111 on a GPU'),
  eta: z
    .number()
    .min(0)
    .max(100)
    .optional()
    .meta(fixed)
    .describe('fresh noise of a stochastic sampler'),
})
export type SamplerParams = z.infer<typeof samplerParams>

/** What a sampling node is fed with. */
export interface SamplingInputs {
  readonly model: Model
  readonly positive: Conditioning
  readonly negative?: Conditioning | undefined
  readonly latent: LatentImage
  /** Mask and masked picture for an inpaint U-Net, `[batch | 1, 5, height/8, width/8]`. */
  readonly extra?: NumericTensor
}

/** What may change between two steps. */
type LiveInputs = Pick<SamplingInputs, 'model' | 'positive' | 'negative'>
type LiveParams = Pick<SamplerParams, 'guidance'>

type SamplingContext = Pick<
  NodeContext<Services, LiveInputs, LiveParams>,
  'services' | 'progress' | 'preview' | 'latest' | 'throwIfCancelled'
>

/**
 * Samples from a latent; gives `[batch, 4, height/8, width/8]`. Before every step model and prompts
 * of `context.latest()` are taken, so that a changed ratio holds from the next step on.
 */
export async function sampleLatent(
  inputs: SamplingInputs,
  params: SamplerParams,
  context: SamplingContext,
): Promise<NumericTensor> {
  const { latent } = inputs
  const { prediction } = inputs.model
  const { eta } = params
  checkInputs(inputs, params)
  const table = discreteSigmas()
  const sigmas = planSigmas({ ...params, table })
  const runtime = await context.services.runtime()
  const batch = latent.samples.shape[0]!
  const steps = sigmas.length - 1
  const openFor = ({ positive, negative, guidance }: LiveInputs & LiveParams) =>
    openPredictor(runtime.pool, runtime.feeder, {
      contexts:
        guidance === 1 || !negative ? [positive.context] : [positive, negative].map(contextOf),
      batch,
      ...(inputs.extra && { extra: inputs.extra }),
    })
  let now: LiveInputs & LiveParams = { ...inputs, guidance: params.guidance }
  let predictor = await openFor(now)
  let step = 1
  const predict = async (input: Latent, timestep: number) => {
    const predictions = await predictor.predict(now.model, asTensor(input), [timestep])
    const what = `the U-Net in step ${step} of ${steps}`
    for (const prediction of predictions) {
      refuseNonFinite(prediction, now.model.unet.weights.file, what, smallerRatio)
    }
    return predictions
  }
  try {
    const walk = sample({
      sampler: params.sampler,
      sigmas,
      table,
      denoise: (x, sigma) => denoiserFor({ prediction, table, predict }, now.guidance)(x, sigma),
      latent: latent.samples,
      seeds: [params.seed],
      stream: params.noise,
      ...(latent.mask && { mask: maskForLatent(latent.mask, latent.samples.shape) }),
      options: eta === undefined ? {} : { eta },
    })
    while (true) {
      context.throwIfCancelled()
      const { value, done } = await walk.next()
      if (done) return asTensor(value)
      context.preview(previewOf(asTensor(value.denoised), now.model.family))
      context.progress({ step: value.index + 1, steps })
      step = value.index + 2
      const latest = await context.latest()
      const next = { ...latest.inputs, guidance: latest.params.guidance }
      checkNegative(next)
      const isReworded = next.positive !== now.positive || next.negative !== now.negative
      const isSwitched = (next.guidance === 1) !== (now.guidance === 1)
      now = next
      if (!isReworded && !isSwitched) continue
      predictor.close()
      predictor = await openFor(now)
    }
  } finally {
    predictor.close()
  }
}

const smallerRatio = 'download the file again, or try a smaller LoRA ratio'

function contextOf({ context }: Conditioning): NumericTensor {
  return context
}

interface GuidedNetwork {
  readonly prediction: Prediction
  readonly table: SigmaTable
  /** One raw prediction for each prompt. */
  readonly predict: (input: Latent, timestep: number) => Promise<NumericTensor[]>
}

/** Turns raw predictions, one for each prompt, into guided clean estimates. */
function denoiserFor(network: GuidedNetwork, guidance: number): Denoiser {
  const { prediction, table, predict } = network
  const cond = denoiserOf({
    table,
    prediction,
    predict: async (input, timestep) => (await predict(input, timestep))[0]!,
  })
  return guidedDenoiser({
    guidance,
    cond,
    async both(x, sigma) {
      const outputs = await predict(scaleInput(x, sigma), table.timestepOfSigma(sigma))
      const [first, second] = outputs.map((output) => predictions[prediction]({ output, x, sigma }))
      return { cond: first!, uncond: second! }
    },
  })
}

function checkNegative({ negative, guidance }: Pick<LiveInputs, 'negative'> & LiveParams): void {
  if (guidance === 1 || negative) return
  throw new WorkflowError(
    `sampler: guidance is ${guidance} and no negative prompt is linked, expected one; link encode-prompt to negative or set guidance to 1`,
  )
}

function checkInputs(inputs: SamplingInputs, params: SamplerParams): void {
  const { model, latent, extra } = inputs
  checkNegative({ negative: inputs.negative, guidance: params.guidance })
  const { inChannels } = model.unet.config
  const channels = latent.samples.shape[1]! + (extra?.shape[1] ?? 0)
  if (inChannels !== channels) {
    throw new WorkflowError(
      `sampler: ${model.name} takes ${inChannels} channels and gets ${channels}, expected as many; use ${inChannels === 9 ? 'the node inpaint with this checkpoint' : 'a checkpoint for this latent'}`,
    )
  }
  if (latent.empty && params.denoise < 1) {
    throw new WorkflowError(
      `sampler: denoise is ${params.denoise} on an empty latent, expected 1; link encode-image to latent to start from a picture`,
    )
  }
}

/** Sampling in float32 gives float32 arrays. */
function asTensor({ data, shape }: Latent): NumericTensor {
  return { data: data instanceof Float32Array ? data : new Float32Array(data), shape }
}
