import { WorkflowError } from '../errors.ts'
import { brownianPath } from './brownian.ts'
import { concatenate, type Latent, sizeOf } from './latent.ts'
import { PhiloxRandom } from './philox.ts'
import { type NormalStream, type Seed, seedBits, TorchRandom } from './torch-random.ts'

/** Fresh noise of mean 0 and variance 1 for the interval from `sigma` down to `next`. */
export type NoiseSource = (sigma: number, next: number) => Latent

export type NoiseStreamName = 'cpu' | 'philox'

/** Where the numbers of a seed come from. */
interface NoiseStreamDefinition {
  readonly title: string
  /** The noise that a picture starts from. */
  readonly initial: (seed: Seed) => NormalStream
  /** The noise that a stochastic sampler adds. */
  readonly step: (seed: Seed) => NormalStream
}

/** The two streams whose numbers are the same on every machine. */
export const noiseStreams: Record<NoiseStreamName, NoiseStreamDefinition> = {
  cpu: {
    title: 'PyTorch CPU, as ComfyUI and A1111 with CPU noise',
    initial: (seed) => new TorchRandom(seed),
    // The start noise must not come again in the first step.
    step: (seed) => new TorchRandom(nextSeed(seed, 1)),
  },
  philox: {
    title: 'Philox, as A1111 with GPU noise',
    initial: (seed) => new PhiloxRandom(seed),
    // One generator serves both: the first draw is the start noise.
    step: (seed) => new PhiloxRandom(seed, 1),
  },
}

/** What noise is drawn for: the shape of all pictures, a seed for each, the stream. */
export interface NoiseSettings {
  /** `[batch, channels, height/8, width/8]`. */
  readonly shape: readonly number[]
  /** One for each picture, or the first one only: then the others count up from it. */
  readonly seeds: readonly Seed[]
  readonly stream: NoiseStreamName
}

/** `seed + offset` in 64 bits. */
export function nextSeed(seed: Seed, offset: number): bigint {
  return BigInt.asUintN(64, seedBits(seed) + BigInt(offset))
}

/** A seed for each of `batch` pictures: picture i has `seed + i`. */
export function batchSeeds(seed: Seed, batch: number): bigint[] {
  return Array.from({ length: batch }, (_, i) => nextSeed(seed, i))
}

/** Start noise, picture by picture: each equals that of a single run with its own seed. */
export function initialNoise(settings: NoiseSettings): Latent {
  const { initial } = noiseStreams[settings.stream]
  return perPicture(settings, (seed, shape) => draw(initial(seed), shape))
}

/** Start noise drawn at once over the batch from the first seed, as ComfyUI does. */
export function initialBatchNoise(settings: NoiseSettings): Latent {
  return draw(noiseStreams[settings.stream].initial(firstSeed(settings)), settings.shape)
}

/** The noise of ancestral samplers, one draw for each call; intervals do not matter. */
export function stepNoise(settings: NoiseSettings): NoiseSource {
  const { step } = noiseStreams[settings.stream]
  return sourcePerPicture(settings, (seed, shape) => {
    const stream = step(seed)
    return () => draw(stream, shape)
  })
}

/** Like `stepNoise`, drawn at once over the batch from the first seed. */
export function stepBatchNoise(settings: NoiseSettings): NoiseSource {
  const stream = noiseStreams[settings.stream].step(firstSeed(settings))
  return () => draw(stream, settings.shape)
}

/** A Brownian motion over the sigmas for each picture; repeated and finer steps agree. */
export function brownianNoise(settings: NoiseSettings, sigmas: ArrayLike<number>): NoiseSource {
  return sourcePerPicture(settings, (seed, shape) =>
    brownianSource({ ...settings, shape, seeds: [seed] }, sigmas),
  )
}

/** One Brownian motion for the whole batch from the first seed. */
export function brownianBatchNoise(
  settings: NoiseSettings,
  sigmas: ArrayLike<number>,
): NoiseSource {
  return brownianSource(settings, sigmas)
}

/**
 * Noise for an interval is the change of W over it, divided by the root of its length.
 * The motion runs from the smallest sigma above 0 to the largest.
 */
function brownianSource(settings: NoiseSettings, sigmas: ArrayLike<number>): NoiseSource {
  const { shape, stream } = settings
  const positive = Array.from(sigmas).filter((sigma) => sigma > 0)
  const path = brownianPath({
    seed: firstSeed(settings),
    start: Math.min(...positive),
    end: Math.max(...positive),
    size: sizeOf(shape),
    normal: (seed, size) => noiseStreams[stream].initial(seed).normal(size),
  })
  return (sigma, next) => {
    // Sampling runs down the sigmas while the motion runs up.
    const length = Math.fround(Math.sqrt(Math.fround(Math.abs(next - sigma))))
    const divisor = sigma > next ? -length : length
    const change = path(Math.min(sigma, next), Math.max(sigma, next))
    return { data: change.map((number) => number / divisor), shape }
  }
}

function sourcePerPicture(
  settings: NoiseSettings,
  make: (seed: Seed, shape: readonly number[]) => NoiseSource,
): NoiseSource {
  const shape = pictureShape(settings)
  const sources = seedOfEach(settings).map((seed) => make(seed, shape))
  return (sigma, next) => concatenate(sources.map((source) => source(sigma, next)))
}

function perPicture(
  settings: NoiseSettings,
  make: (seed: Seed, shape: readonly number[]) => Latent,
): Latent {
  const shape = pictureShape(settings)
  return concatenate(seedOfEach(settings).map((seed) => make(seed, shape)))
}

function pictureShape({ shape }: NoiseSettings): readonly number[] {
  return [1, ...shape.slice(1)]
}

function seedOfEach(settings: NoiseSettings): readonly Seed[] {
  const { seeds, shape } = settings
  const batch = shape[0] as number
  if (seeds.length === batch) return seeds
  if (seeds.length === 1) return batchSeeds(firstSeed(settings), batch)
  throw new WorkflowError(`seeds: ${seeds.length} given, 1 or ${batch} expected`)
}

function firstSeed({ seeds }: NoiseSettings): Seed {
  const [seed] = seeds
  if (seed === undefined) throw new WorkflowError('seeds: 0 given, at least 1 expected')
  return seed
}

function draw(stream: NormalStream, shape: readonly number[]): Latent {
  return { data: stream.normal(sizeOf(shape)), shape }
}
