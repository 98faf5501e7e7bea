import type { Prediction } from '../../models/families.ts'
import { TorchRandom } from '../../sampling/torch-random.ts'
import type { NumericTensor } from '../../sockets.ts'
import { mixSeed } from '../seeds.ts'
import { cellMask, normalisedCells } from './cell-weight.ts'
import { huberThresholds } from './huber.ts'
import { lossTypes } from './loss.ts'
import { drawNoise } from './noise.ts'
import { noiseSchedule } from './noise-schedule.ts'
import { snrWeight } from './sample-weight.ts'
import { checkObjective, type ObjectiveSettings } from './settings.ts'
import { drawTimesteps } from './timesteps.ts'

/** What is known of a (micro-)batch before anything is drawn. */
export interface StepRequest {
  /** `[batch, 4, height/8, width/8]`, scaled by the family's factor. */
  readonly latents: NumericTensor
  readonly settings: ObjectiveSettings
  readonly prediction: Prediction
  readonly seed: number
  /** Optimizer step; for a validation its number. */
  readonly step: number
  /** Position of the first picture among all pictures of the step, default 0. */
  readonly first?: number
  /** Pictures of the step over all micro-batches; default: what is here. */
  readonly total?: number
  /** Draws of different purposes have nothing in common; default `train`. */
  readonly purpose?: string
  /** Given timesteps, one per picture, in place of drawn ones. */
  readonly timesteps?: readonly number[]
  /** Which pictures are there for prior preservation. */
  readonly isRegularisation?: readonly boolean[]
  /** `[batch, 1, height, width]` of pixels or of cells; looked at with `maskedLoss`. */
  readonly mask?: NumericTensor
}

/** What a network is fed with and held against. */
export interface DrawnStep {
  /** Noised latents. */
  readonly sample: NumericTensor
  readonly target: NumericTensor
  readonly timesteps: readonly number[]
  /** `[batch]`: what the loss of each picture is multiplied by. */
  readonly sampleWeight: Float32Array
  /** `[batch]`, for losses with a threshold. */
  readonly huberC?: Float32Array
  /** `[batch, 1, height/8, width/8]`, with `maskedLoss`; 1 everywhere where no mask was given. */
  readonly cellWeight?: NumericTensor
}

/** Noise that was drawn, shaped as the latents. */
export interface NoisedRequest
  extends Pick<StepRequest, 'latents' | 'settings' | 'prediction' | 'isRegularisation' | 'mask'> {
  readonly timesteps: readonly number[]
  /** What the network shall find. */
  readonly noise: Float32Array
  /** What is added to the latents; default: the noise. */
  readonly added?: Float32Array
}

/**
 * Draws timesteps and noise for the pictures of a step. Picture i of step s is the same whatever
 * stands beside it, so micro-batches of any size and a resumed run draw alike. (Stratified
 * timesteps are spread over the `total` pictures of the step.)
 */
export function drawStep(request: StepRequest): DrawnStep {
  const { latents, settings, seed, step, first = 0, purpose = 'train' } = request
  const [batch, ...shape] = latents.shape as [number, number, number, number]
  const total = request.total ?? first + batch
  const place = { seed, purpose, step, first, total }
  const timesteps = request.timesteps ?? drawTimesteps(settings, place, batch)
  const size = latents.data.length / batch
  const noise = new Float32Array(latents.data.length)
  const added = settings.ipNoiseGamma ? new Float32Array(noise.length) : noise
  for (let i = 0; i < batch; i++) {
    const data = latents.data.subarray(i * size, (i + 1) * size)
    const drawn = drawNoise({ data, shape }, settings, (thing) => {
      return new TorchRandom(mixSeed(seed, purpose, thing, step, first + i))
    })
    noise.set(drawn.noise, i * size)
    if (added !== noise) added.set(drawn.added, i * size)
  }
  return noisedStep({ ...request, timesteps, noise, added })
}

/** The arithmetic of a step whose noise is known: nothing is drawn. */
export function noisedStep(request: NoisedRequest): DrawnStep {
  const { latents, settings, prediction, timesteps, noise, added = noise, mask } = request
  checkObjective(settings, prediction)
  const schedule = noiseSchedule(settings.zeroTerminalSnr)
  const { signal, noise: share } = schedule
  const like = (data: Float32Array) => ({ data, shape: latents.shape })
  const sampleWeight = Float32Array.from(timesteps, (timestep, i) => {
    const prior = request.isRegularisation?.[i] ? settings.priorLossWeight : 1
    return prior * snrWeight(schedule.snr[timestep]!, settings, prediction)
  })
  return {
    sample: like(combine([signal, latents.data], [share, added], timesteps, 1)),
    // v = signal * noise - noise level * picture. Salimans and Ho 2022, arXiv 2202.00512.
    target: like(
      prediction === 'v' ? combine([signal, noise], [share, latents.data], timesteps, -1) : noise,
    ),
    timesteps,
    sampleWeight,
    ...(lossTypes[settings.lossType].hasThreshold && {
      huberC: huberThresholds(timesteps, settings, schedule),
    }),
    ...(settings.maskedLoss && { cellWeight: cellsOf(mask, latents, settings) }),
  }
}

/** Per picture `a[t] x + sign * b[t] y`, in the float32 steps of the reference. */
function combine(
  [a, x]: readonly [Float32Array, Float32Array],
  [b, y]: readonly [Float32Array, Float32Array],
  timesteps: readonly number[],
  sign: 1 | -1,
): Float32Array {
  const size = x.length / timesteps.length
  const { fround } = Math
  return x.map((value, i) => {
    const timestep = timesteps[Math.floor(i / size)]!
    return fround(a[timestep]! * value) + sign * fround(b[timestep]! * y[i]!)
  })
}

function cellsOf(
  mask: NumericTensor | undefined,
  { shape }: NumericTensor,
  { maskMean }: ObjectiveSettings,
): NumericTensor {
  const [batch, , height, width] = shape as [number, number, number, number]
  if (!mask) {
    const data = new Float32Array(batch * height * width).fill(1)
    return { data, shape: [batch, 1, height, width] }
  }
  const cells = cellMask(mask, height, width)
  return maskMean === 'weights' ? normalisedCells(cells) : cells
}
