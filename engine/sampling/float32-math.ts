/**
 * Logarithm, sine and cosine in float32, one rounding per operation, in the order of operations
 * that PyTorch's vectorised CPU kernel takes, so that normal noise is equal to it bit by bit.
 * Source of the polynomials and of the argument reduction: Moshier's Cephes library, `logf` and
 * `sinf`; where a product is only added to something, the two are one fused operation.
 */

const { fround } = Math

const logTerms = [
  7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1,
  -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
].map(fround)
const logOfTwoLow = fround(-2.1219444e-4)
const logOfTwoHigh = fround(0.693359375)
const halfRoot = fround(Math.SQRT1_2)

const cosineTerms = [2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2].map(fround)
const sineTerms = [-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1].map(fround)
const fourOverPi = fround(4 / Math.PI)
/** Minus pi / 4 in three parts, the first two short enough for exact products. */
const quarterTurns = [-0.78515625, -2.4187564849853515625e-4, -3.77489497744594108e-8].map(fround)

const float = new Float32Array(1)
const bits = new Int32Array(float.buffer)

/** Natural logarithm of a positive normal float32. */
export function log32(value: number): number {
  float[0] = value
  const word = bits[0] as number
  bits[0] = (word & 0x007fffff) | 0x3f000000
  const mantissa = float[0] as number
  const small = mantissa < halfRoot
  const exponent = (word >>> 23) - (small ? 127 : 126)
  const x = fround(fround(mantissa - 1) + (small ? mantissa : 0))
  const square = fround(x * x)
  const y = fround(polynomial(logTerms, x) * x)
  const low = fma32(y, square, fround(exponent * logOfTwoLow))
  return fma32(exponent, logOfTwoHigh, fround(x + fma32(square, -0.5, low)))
}

/** Sine and cosine of a float32 of moderate size (a few turns). */
export function sinCos32(value: number): { sin: number; cos: number } {
  const octant = (Math.trunc(fround(Math.abs(value) * fourOverPi)) + 1) & ~1
  let x = Math.abs(value)
  for (const part of quarterTurns) x = fma32(octant, part, x)
  const square = fround(x * x)
  const fourth = fround(polynomial(cosineTerms, square) * square)
  const even = fround(fma32(fourth, square, -fround(square * 0.5)) + 1)
  const odd = fma32(fround(polynomial(sineTerms, square) * square), x, x)
  const swapped = (octant & 2) !== 0
  const sin = swapped ? even : odd
  const cos = swapped ? odd : even
  return {
    sin: ((octant & 4) !== 0) !== value < 0 ? -sin : sin,
    cos: ((octant - 2) & 4) === 0 ? -cos : cos,
  }
}

/** `a * b + c` of float32 values with a single rounding to float32. */
export function fma32(a: number, b: number, c: number): number {
  // The product is exact in float64. Where the float64 sum lies halfway between two float32
  // values, the part it lost decides, which rounding twice would ignore.
  const product = a * b
  const sum = product + c
  const rounded = fround(sum)
  if (rounded === sum) return rounded
  const shadow = sum - product
  const lost = product - (sum - shadow) + (c - shadow)
  if (lost === 0) return rounded
  const other = neighbour(rounded, sum > rounded)
  if (Math.abs(other - sum) !== Math.abs(sum - rounded)) return rounded
  return lost > 0 ? Math.max(rounded, other) : Math.min(rounded, other)
}

function polynomial(terms: readonly number[], x: number): number {
  return terms.reduce((sum, term) => fma32(sum, x, term))
}

function neighbour(value: number, upwards: boolean): number {
  float[0] = value
  bits[0] = (bits[0] as number) + (upwards === value >= 0 ? 1 : -1)
  return float[0] as number
}
