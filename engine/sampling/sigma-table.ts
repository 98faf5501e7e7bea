import { fma32 } from './float32-math.ts'

/**
 * The noise levels a network was trained at, and how a sigma becomes the timestep it is fed with.
 * Entries are float32, as in the programs whose schedules are matched.
 */
export interface SigmaTable {
  /** Ascending; index 0 is the smallest. */
  readonly sigmas: Float32Array
  /** What the network is told for a sigma. */
  readonly timestepOfSigma: (sigma: number) => number
  readonly sigmaOfTimestep: (timestep: number) => number
  /** The sigma after a share of the sampling time, 0 (before everything) to 1 (the end). */
  readonly sigmaOfPercent: (percent: number) => number
}

const { fround } = Math

/** Above every sigma: what percent 0 of an unbounded schedule means. */
const aboveAll = 999999999.9

/** How the training noise of a discrete diffusion grows; the defaults are Stable Diffusion's. */
export interface DiscreteOptions {
  readonly betaStart?: number
  readonly betaEnd?: number
  readonly timesteps?: number
  /** Rescales so that the last level has (nearly) no signal. Lin et al. 2023, arXiv 2305.08891. */
  readonly zeroTerminalSnr?: boolean
  /** Keeps every n-th level only, as distilled consistency models were trained: 20 gives 50. */
  readonly every?: number
}

/** Alphas of the last level in the zero-terminal case, where 0 would make sigma infinite. */
const lastAlphaProduct = 4.8973451890853435e-8

/** Stable Diffusion's table: betas whose roots grow linearly. Rombach et al. 2022. */
export function discreteSigmas(options: DiscreteOptions = {}): SigmaTable {
  const { every = 1 } = options
  const exact = trainingSigmas(options).filter((_, i) => (i + 1) % every === 0)
  const sigmas = Float32Array.from(exact)
  const logSigmas = Float32Array.from(exact, Math.log)
  const last = sigmas.length - 1
  const sigmaOfTimestep = (timestep: number) => {
    const position = Math.min(Math.max((timestep - (every - 1)) / every, 0), last)
    const low = Math.floor(position)
    const share = position - low
    const logLow = logSigmas[low] as number
    return Math.exp(logLow + share * ((logSigmas[Math.ceil(position)] as number) - logLow))
  }
  return {
    sigmas,
    sigmaOfTimestep,
    timestepOfSigma: (sigma) => nearest(logSigmas, Math.log(sigma)) * every + every - 1,
    sigmaOfPercent: (percent) =>
      percent <= 0 ? aboveAll : percent >= 1 ? 0 : sigmaOfTimestep((1 - percent) * 999),
  }
}

/** The sigmas of all training timesteps in float64. */
function trainingSigmas(options: DiscreteOptions): Float64Array {
  const { betaStart = 0.00085, betaEnd = 0.012, timesteps = 1000 } = options
  let alphaProduct = 1
  const sigmas = linspace(Math.sqrt(betaStart), Math.sqrt(betaEnd), timesteps).map((root) => {
    alphaProduct *= 1 - root ** 2
    return Math.sqrt((1 - alphaProduct) / alphaProduct)
  })
  return options.zeroTerminalSnr ? withoutLastSignal(sigmas) : sigmas
}

function withoutLastSignal(sigmas: Float64Array): Float64Array {
  const signals = sigmas.map((sigma) => Math.sqrt(1 / (sigma ** 2 + 1)))
  const first = signals[0] as number
  const last = signals.at(-1) as number
  return signals.map((signal, i) => {
    const shifted = ((signal - last) * first) / (first - last)
    const alphaProduct = i === signals.length - 1 ? lastAlphaProduct : shifted ** 2
    return Math.sqrt((1 - alphaProduct) / alphaProduct)
  })
}

/** Index of the value nearest to another one in an ascending list; the lower one of two. */
function nearest(ascending: Float32Array, value: number): number {
  let best = 0
  for (let i = 1; i < ascending.length; i++) {
    const gap = Math.abs((ascending[i] as number) - value)
    if (gap < Math.abs((ascending[best] as number) - value)) best = i
  }
  return best
}

/** `count` values from `first` to `last`, both included; exact at both ends. */
export function linspace(first: number, last: number, count: number): Float64Array {
  const step = count > 1 ? (last - first) / (count - 1) : 0
  return Float64Array.from({ length: count }, (_, i) =>
    i < count / 2 ? first + step * i : last - step * (count - 1 - i),
  )
}

/** The same in float32, each half counted from its own end, as PyTorch does it. */
export function linspace32(first: number, last: number, count: number): Float32Array {
  const step = count > 1 ? fround(fround(last - first) / (count - 1)) : 0
  return Float32Array.from({ length: count }, (_, i) =>
    i < Math.max(count >> 1, 1)
      ? fma32(step, i, fround(first))
      : fma32(-step, count - 1 - i, fround(last)),
  )
}

/** A range between two sigmas, even in log sigma; the network is told a quarter of the log. */
export function edmSigmas({ min = 0.002, max = 120 } = {}): SigmaTable {
  return {
    ...logRange(min, max),
    timestepOfSigma: (sigma) => Math.log(sigma) / 4,
    sigmaOfTimestep: (timestep) => Math.exp(timestep * 4),
  }
}

/**
 * The same range where the network is told the angle of noise to signal, 0 to 1. In float32, as in
 * the reference: near a right angle rounding is magnified.
 */
export function angularSigmas({ min = 0.03, max = 500 } = {}): SigmaTable {
  return {
    ...logRange(min, max),
    timestepOfSigma: (sigma) => fround(fround(Math.atan(sigma)) / fround(Math.PI)) * 2,
    sigmaOfTimestep: (timestep) => Math.tan(fround(fround(timestep) * fround(Math.PI)) / 2),
  }
}

function logRange(min: number, max: number): Pick<SigmaTable, 'sigmas' | 'sigmaOfPercent'> {
  const [low, high] = [Math.log(min), Math.log(max)]
  return {
    sigmas: linspace32(low, high, 1000).map(Math.exp),
    sigmaOfPercent: (percent) =>
      percent <= 0 ? aboveAll : percent >= 1 ? 0 : Math.exp(low + (high - low) * (1 - percent)),
  }
}

/** Rectified flow, `x = (1 - sigma) x0 + sigma noise`; a `shift` above 1 stays noisy longer. */
export function flowSigmas({ shift = 1, timesteps = 1000, scale = 1000 } = {}): SigmaTable {
  const shifted = (time: number) => (shift * time) / (1 + (shift - 1) * time)
  return {
    sigmas: Float32Array.from({ length: timesteps }, (_, i) => shifted((i + 1) / timesteps)),
    timestepOfSigma: (sigma) => sigma * scale,
    sigmaOfTimestep: (timestep) => shifted(timestep / scale),
    sigmaOfPercent: (percent) => (percent <= 0 ? 1 : percent >= 1 ? 0 : shifted(1 - percent)),
  }
}
