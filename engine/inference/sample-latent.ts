import { z } from 'zod'
import type { Services } from '../context.ts'
import { WorkflowError } from '../errors.ts'
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
import { discreteSigmas } from '../sampling/sigma-table.ts'
import type { Conditioning, LatentImage, NumericTensor } from '../sockets.ts'
import type { NodeContext } from '../workflow/index.ts'
import { openPredictor, type Predictor } from './predict.ts'
import { previewOf } from './preview.ts'

function namesOf<Name extends string>(table: Record<Name, unknown>): [Name, ...Name[]] {
  return Object.keys(table) as [Name, ...Name[]]
}

/** Params that all sampling nodes share. */
export const samplerParams = z.object({
  seed: z
    .int()
    .min(0)
    .default(0)
    .meta({ seed: true })
    .describe('picture i of a batch has the noise of seed + i'),
  steps: z.int().min(1).max(1000).default(20).describe('evaluations of the network, about'),
  guidance: z
    .number()
    .min(0)
    .max(100)
    .default(7)
    .describe('how strongly the prompt pulls away from the negative prompt; 1 is off'),
  sampler: z.enum(namesOf<SamplerName>(samplers)).default('euler').describe('walks the sigmas'),
  schedule: z.enum(namesOf<ScheduleName>(schedules)).default('normal').describe('makes the sigmas'),
  denoise: z
    .number()
    .gt(0)
    .max(1)
    .default(1)
    .describe('part of the schedule to run: lower keeps more of the latent that is given'),
  noise: z
    .enum(namesOf<NoiseStreamName>(noiseStreams))
    .default('cpu')
    .describe('whose noise: cpu is that of ComfyUI and PyTorch, philox that of A1111 on a GPU'),
  eta: z.number().min(0).max(100).optional().describe('fresh noise of a stochastic sampler'),
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

type SamplingContext = Pick<
  NodeContext<Services, { readonly model: Model }>,
  'services' | 'progress' | 'preview' | 'latest' | 'throwIfCancelled'
>

/**
 * Samples from a latent; gives `[batch, 4, height/8, width/8]`. Before every step the model of
 * `context.latest()` is taken, so that a changed ratio holds from the next step on.
 */
export async function sampleLatent(
  inputs: SamplingInputs,
  params: SamplerParams,
  context: SamplingContext,
): Promise<NumericTensor> {
  const { positive, negative, latent } = inputs
  const { guidance, eta } = params
  checkInputs(inputs, params)
  const table = discreteSigmas()
  const sigmas = planSigmas({ ...params, table })
  const runtime = await context.services.runtime()
  const batch = latent.samples.shape[0]!
  const guidedBy = guidance === 1 || !negative ? [] : [negative.context]
  const predictor = await openPredictor(runtime.pool, runtime.feeder, {
    contexts: [positive.context, ...guidedBy],
    batch,
    ...(inputs.extra && { extra: inputs.extra }),
  })
  let model = inputs.model
  try {
    const steps = sample({
      sampler: params.sampler,
      sigmas,
      table,
      denoise: denoiserFor(() => model, predictor, guidance),
      latent: latent.samples,
      seeds: [params.seed],
      stream: params.noise,
      ...(latent.mask && { mask: maskForLatent(latent.mask, latent.samples.shape) }),
      options: eta === undefined ? {} : { eta },
    })
    while (true) {
      context.throwIfCancelled()
      const { value, done } = await steps.next()
      if (done) return asTensor(value)
      context.preview(previewOf(asTensor(value.denoised), model.family))
      context.progress({ step: value.index + 1, steps: sigmas.length - 1 })
      model = (await context.latest()).inputs.model
    }
  } finally {
    predictor.close()
  }
}

/** Turns raw predictions of the current model into guided clean estimates. */
function denoiserFor(model: () => Model, predictor: Predictor, guidance: number): Denoiser {
  const table = discreteSigmas()
  const predict = async (input: Latent, timestep: number) =>
    predictor.predict(model(), asTensor(input), [timestep])
  const cond: Denoiser = (x, sigma) =>
    denoiserOf({
      table,
      prediction: model().prediction,
      predict: async (input, timestep) => (await predict(input, timestep))[0]!,
    })(x, sigma)
  return guidedDenoiser({
    guidance,
    cond,
    async both(x, sigma) {
      const outputs = await predict(scaleInput(x, sigma), table.timestepOfSigma(sigma))
      const [first, second] = outputs.map((output) =>
        predictions[model().prediction]({ output, x, sigma }),
      )
      return { cond: first!, uncond: second! }
    },
  })
}

function checkInputs({ model, negative, latent, extra }: SamplingInputs, params: SamplerParams) {
  if (params.guidance !== 1 && !negative) {
    throw new WorkflowError(
      `sampler: guidance is ${params.guidance} and no negative prompt is linked, expected one; link encode-prompt to negative or set guidance to 1`,
    )
  }
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
