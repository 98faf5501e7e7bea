/** Quantiles of the beta distribution, to about 1e-12, for shape parameters near 1. */

const bisections = 60
/** What the computed share is off by: a point nearer than this is the answer. */
const shareError = 1e-12
const fractionTerms = 200
const tiny = 1e-300
const precision = 1e-15

/** The value below which the share `p` of a beta distribution lies. `p` is 0 to 1. */
export function betaQuantile(p: number, alpha: number, beta: number): number {
  if (p <= 0) return 0
  if (p >= 1) return 1
  let low = 0
  let high = 1
  for (let i = 0; i < bisections; i++) {
    const middle = (low + high) / 2
    const share = betaShare(middle, alpha, beta)
    if (Math.abs(share - p) < shareError) return middle
    if (share < p) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/** The regularised incomplete beta function. DLMF 8.17.22, and 8.17.4 where that is faster. */
function betaShare(x: number, alpha: number, beta: number): number {
  if (x > (alpha + 1) / (alpha + beta + 2)) return 1 - betaShare(1 - x, beta, alpha)
  const logFront =
    alpha * Math.log(x) +
    beta * Math.log1p(-x) +
    logGamma(alpha + beta) -
    logGamma(alpha) -
    logGamma(beta)
  return Math.exp(logFront) / (alpha * continuedFraction(x, alpha, beta))
}

/** `1 + d1 / (1 + d2 / (1 + ...))` by Lentz's method. */
function continuedFraction(x: number, alpha: number, beta: number): number {
  let value = 1
  let upper = 1
  let lower = 0
  for (let n = 1; n < fractionTerms; n++) {
    const m = n >> 1
    const term =
      n % 2 === 0
        ? (m * (beta - m) * x) / ((alpha + 2 * m - 1) * (alpha + 2 * m))
        : (-(alpha + m) * (alpha + beta + m) * x) / ((alpha + 2 * m) * (alpha + 2 * m + 1))
    upper = 1 + term / upper || tiny
    lower = 1 / (1 + term * lower || tiny)
    value *= upper * lower
    if (Math.abs(upper * lower - 1) < precision) break
  }
  return value
}

/** Stirling's series after a shift to large arguments. DLMF 5.11.1. */
function logGamma(x: number): number {
  let shift = 0
  let large = x
  while (large < 12) shift -= Math.log(large++)
  const inverse = 1 / large ** 2
  const series = 1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse / 1680))
  return (
    shift + (large - 0.5) * Math.log(large) - large + Math.log(2 * Math.PI) / 2 + series / large
  )
}
