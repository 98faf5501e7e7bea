import { linspace32 } from '../../sampling/sigma-table.ts'

/**
 * The training noise of a discrete diffusion by timestep, `x = signal * x0 + noise * epsilon`, in
 * the float32 steps of diffusers and kohya's sd-scripts. Roots are rounded correctly; PyTorch's
 * may be off in the last place, by machine, and a rescaled schedule magnifies that near its end.
 */
export interface NoiseSchedule {
  /** Product of the alphas up to a timestep; the squared share of the picture. */
  readonly alphaProducts: Float32Array
  readonly signal: Float32Array
  readonly noise: Float32Array
  /** Signal to noise ratio, `(signal / noise)^2`; 0 at the last timestep of a rescaled schedule. */
  readonly snr: Float32Array
}

/** Timesteps a Stable Diffusion network is trained at: 0 to 999. */
export const trainTimesteps = 1000

const { fround, sqrt } = Math
const betaStart = 0.00085
const betaEnd = 0.012

const schedules = {
  plain: scheduleOf(productsOf(alphas())),
  zeroTerminal: scheduleOf(productsOf(withoutLastSignal(productsOf(alphas())))),
}

/**
 * Stable Diffusion's schedule (Rombach et al. 2022: roots of beta grow linearly), or the same
 * rescaled so that nothing of the picture is left at the last timestep (Lin et al. 2023, arXiv
 * 2305.08891, Algorithm 1).
 */
export function noiseSchedule(zeroTerminalSnr: boolean): NoiseSchedule {
  return zeroTerminalSnr ? schedules.zeroTerminal : schedules.plain
}

function alphas(): Float32Array {
  const roots = linspace32(sqrt(betaStart), sqrt(betaEnd), trainTimesteps)
  return roots.map((root) => 1 - fround(root * root))
}

/** Cumulative product; PyTorch keeps the running product in float64. */
function productsOf(factors: Float32Array): Float32Array {
  let product = 1
  return factors.map((factor) => {
    product *= factor
    return product
  })
}

/** Alphas after shifting the signal to end at 0 and stretching it to begin where it did. */
function withoutLastSignal(products: Float32Array): Float32Array {
  const signal = products.map(sqrt)
  const first = signal[0]!
  const last = signal.at(-1)!
  const stretch = fround(first / fround(first - last))
  const shares = signal.map((value) => fround(fround(value - last) * stretch) ** 2)
  // Through a beta and back, as the reference stores it: the way rounds.
  return shares.map((share, timestep) => {
    const alpha = timestep === 0 ? share : fround(share / shares[timestep - 1]!)
    return 1 - fround(1 - alpha)
  })
}

function scheduleOf(alphaProducts: Float32Array): NoiseSchedule {
  const signal = alphaProducts.map(sqrt)
  const noise = alphaProducts.map((product) => sqrt(fround(1 - product)))
  const snr = signal.map((value, timestep) => fround(value / noise[timestep]!) ** 2)
  return { alphaProducts, signal, noise, snr }
}
