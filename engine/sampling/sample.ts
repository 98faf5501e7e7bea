import { DeviceError, WorkflowError } from '../errors.ts'
import { maskedDenoiser, restoreKept, type SigmaMask } from './inpaint.ts'
import { firstNonFinite, type Latent, weighted, zerosLike } from './latent.ts'
import {
  brownianBatchNoise,
  brownianNoise,
  initialBatchNoise,
  initialNoise,
  type NoiseSettings,
  type NoiseSource,
  type NoiseStreamName,
  stepBatchNoise,
  stepNoise,
} from './noise.ts'
import type { Denoiser, SamplerOptions, SamplerStep, Sigmas } from './sampler.ts'
import { isSamplerName, type SamplerDefinition, samplers } from './samplers.ts'
import { rangeOf } from './schedules.ts'
import type { SigmaTable } from './sigma-table.ts'
import type { Seed } from './torch-random.ts'

/** Everything a sampling run depends on. */
export interface SampleOptions {
  /** A name from the table `samplers`. */
  readonly sampler: string
  readonly sigmas: Sigmas
  readonly denoise: Denoiser
  /** The table the sigmas come from: it says whether the first one is pure noise. */
  readonly table: SigmaTable
  /** The clean start, `[batch, channels, height/8, width/8]`; zeros to start from nothing. */
  readonly latent: Latent
  /** One for each picture, or the first one: then the others count up from it. */
  readonly seeds: readonly Seed[]
  readonly stream: NoiseStreamName
  /** `picture`: each equals its single run; `batch`: one draw over all, as ComfyUI does. */
  readonly draw?: 'picture' | 'batch'
  /** False goes on from a latent that still holds its noise. */
  readonly addNoise?: boolean
  /** In the latent's shape, 1 repaint, 0 keep. */
  readonly mask?: Latent | SigmaMask
  readonly options?: SamplerOptions
}

/** How near to the largest sigma of the table counts as pure noise. */
const wholeNoise = 1e-5

/**
 * Runs a sampler from a latent and seeds; yields every step and returns the last latent.
 * Where a mask is exactly 0 the result is the given latent, bit for bit.
 * Throws a WorkflowError for a setting that cannot be, a DeviceError that names the step when the
 * denoiser gives something that is not a number.
 */
export async function* sample(run: SampleOptions): AsyncGenerator<SamplerStep, Latent> {
  const { latent, sigmas, mask } = run
  const definition = definitionOf(run.sampler)
  checkSigmas(sigmas)
  checkOptions(run.options ?? {})
  checkMask(mask, latent)
  const sources = noiseSources(run)
  const noise = run.addNoise === false ? zerosLike(latent) : sources.initial()
  const progress = { step: 0, steps: sigmas.length - 1 }
  let denoise = finiteDenoiser(run.denoise, progress)
  if (mask) {
    const hiding = definition.ownMaskNoise ? sources.step()(sigmas[0] as number, 0) : noise
    denoise = maskedDenoiser({ denoise, latent, noise: hiding, mask })
  }
  let x = noised(run, noise)
  const options = { ...definition.options, ...run.options, noise: stepSource(definition, sources) }
  for await (const step of definition.run(denoise, x, sigmas, options)) {
    progress.step++
    x = step.x
    const last = progress.step === progress.steps
    const restores = last && step.next === 0 && mask && typeof mask !== 'function'
    if (restores) x = restoreKept(x, latent, mask)
    yield restores ? { ...step, x } : step
  }
  return x
}

/** The start: at the table's largest sigma the latent is as if it had been diffused fully. */
function noised({ latent, sigmas, table }: SampleOptions, noise: Latent): Latent {
  const first = sigmas[0] as number
  const whole = first > rangeOf(table).max * (1 - wholeNoise)
  return weighted([1, latent], [whole ? Math.sqrt(1 + first ** 2) : first, noise])
}

/** The three kinds of noise, made when they are needed. */
function noiseSources({ latent, sigmas, seeds, stream, draw }: SampleOptions) {
  const settings: NoiseSettings = { shape: latent.shape, seeds, stream }
  return draw === 'batch'
    ? {
        initial: () => initialBatchNoise(settings),
        step: () => stepBatchNoise(settings),
        brownian: () => brownianBatchNoise(settings, sigmas),
      }
    : {
        initial: () => initialNoise(settings),
        step: () => stepNoise(settings),
        brownian: () => brownianNoise(settings, sigmas),
      }
}

function stepSource(
  { noise }: SamplerDefinition,
  sources: ReturnType<typeof noiseSources>,
): NoiseSource {
  let source: NoiseSource | undefined
  return (sigma, next) => {
    source ??= noise === 'brownian' ? sources.brownian() : sources.step()
    return source(sigma, next)
  }
}

function finiteDenoiser(
  denoise: Denoiser,
  progress: { readonly step: number; readonly steps: number },
): Denoiser {
  return async (x, sigma) => {
    const denoised = await denoise(x, sigma)
    const position = firstNonFinite(denoised)
    if (position >= 0) {
      throw new DeviceError(
        `sampler: step ${progress.step + 1} of ${progress.steps}: the network gave ` +
          `${denoised.data[position]}, finite numbers expected; ` +
          'use float32, or a smaller guidance or LoRA strength',
      )
    }
    return denoised
  }
}

function definitionOf(name: string): SamplerDefinition {
  if (isSamplerName(name)) return samplers[name]
  const names = Object.keys(samplers).join(', ')
  throw new WorkflowError(`sampler: ${name} given, one of ${names} expected`)
}

function checkSigmas(sigmas: Sigmas): void {
  if (sigmas.length < 2) {
    throw new WorkflowError(`sigmas: ${sigmas.length} given, at least 2 expected`)
  }
  for (let i = 0; i < sigmas.length; i++) {
    const sigma = sigmas[i] as number
    const limit = i === 0 ? Number.POSITIVE_INFINITY : (sigmas[i - 1] as number)
    if (!(sigma >= 0 && sigma < limit)) {
      throw new WorkflowError(`sigmas: number ${i + 1} is ${sigma}, expected 0 to below ${limit}`)
    }
  }
}

function checkOptions({ eta = 1, sNoise = 1, r = 1 / 2, order = 1 }: SamplerOptions): void {
  const wrong = (name: string, found: number, expected: string) =>
    new WorkflowError(`sampler: ${name} is ${found}, expected ${expected}`)
  if (!(eta >= 0 && eta <= 100)) throw wrong('eta', eta, '0 to 100')
  if (!(sNoise >= 0 && sNoise <= 100)) throw wrong('sNoise', sNoise, '0 to 100')
  if (!(r > 0 && r < 1)) throw wrong('r', r, 'between 0 and 1')
  if (!Number.isInteger(order) || order < 1 || order > 100) throw wrong('order', order, '1 to 100')
}

function checkMask(mask: SampleOptions['mask'], latent: Latent): void {
  if (!mask || typeof mask === 'function' || mask.data.length === latent.data.length) return
  throw new WorkflowError(
    `mask: shape ${mask.shape}, that of the latent, ${latent.shape}, expected`,
  )
}
