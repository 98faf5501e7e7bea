/**
 * Logarithm, sine and cosine in float32, one rounding per operation, in the order of operations
 * that PyTorch's vectorised CPU kernel takes, so that normal noise is equal to it bit by bit.
 * Source of the polynomials and of the argument reduction: Moshier's Cephes library, `logf` and
 * `sinf`; where a product is only added to something, the two are one fused operation.
 */

const { fround } = Math

const logTerms = exact([
  7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1,
  -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
])
const logOfTwoLow = fround(-2.1219444e-4)
const logOfTwoHigh = fround(0.693359375)
const halfRoot = fround(Math.SQRT1_2)

const cosineTerms = exact([2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2])
const sineTerms = exact([-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1])
const fourOverPi = fround(4 / Math.PI)
/** Minus pi / 4 in three parts, the first two short enough for exact products. */
const quarterTurns = exact([-0.78515625, -2.4187564849853516e-4, -3.774894977445941e-8])

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
  for (let i = 0; i < quarterTurns.length; i++) x = fma32(octant, quarterTurns[i] as number, x)
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
  // The product is exact in float64, the sum nearly. Where the sum lies halfway between two
  // float32 values, the part it lost decides, which rounding twice would ignore.
  const product = a * b
  const sum = product + c
  const rounded = fround(sum)
  const other = rounded + 2 * (sum - rounded)
  if (fround(other) !== other || other === rounded) return rounded
  const shadow = sum - product
  const lost = product - (sum - shadow) + (c - shadow)
  if (lost === 0) return rounded
  return lost > 0 ? Math.max(rounded, other) : Math.min(rounded, other)
}

function polynomial(terms: Float64Array, x: number): number {
  let sum = terms[0] as number
  for (let i = 1; i < terms.length; i++) sum = fma32(sum, x, terms[i] as number)
  return sum
}

/** Constants as float32 values, kept in float64 for speed. */
function exact(constants: readonly number[]): Float64Array {
  return Float64Array.from(constants, fround)
}
