/** From values to places on an axis, and the round numbers beside it. */
export interface Scale {
  readonly low: number
  readonly high: number
  /** Round values within the range, in order. */
  readonly ticks: readonly number[]
  /** Pixels of a value. */
  at(value: number): number
  /** A tick as text. */
  label(value: number): string
}

/**
 * A scale from `begin` to `end` pixels, which holds all finite values and about `count` ticks.
 * Without values, or with one only, it is widened so that it holds something.
 */
export function linearScale(
  values: readonly number[],
  [begin, end]: readonly [number, number],
  { count = 5, fromZero = false } = {},
): Scale {
  const known = values.filter(Number.isFinite)
  let low = known.reduce((least, value) => Math.min(least, value), known[0] ?? 0)
  let high = known.reduce((most, value) => Math.max(most, value), known[0] ?? 1)
  if (fromZero) low = Math.min(0, low)
  if (high === low) high = low + (Math.abs(low) || 1)
  const step = roundStep((high - low) / count)
  const first = Math.ceil(low / step - 1e-9)
  const last = Math.floor(high / step + 1e-9)
  const ticks = Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step)
  return {
    low,
    high,
    ticks,
    at: (value) => begin + ((value - low) / (high - low)) * (end - begin),
    label: (value) => numberText(value, step),
  }
}

/** 1, 2 or 5 times a power of ten, at least the step given. */
function roundStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step))
  return power * ([1, 2, 5].find((factor) => factor * power >= step * (1 - 1e-9)) ?? 10)
}

/** A multiple of a step with as many places as the step needs; `2E-5` for small ones. */
export function numberText(value: number, step: number): string {
  if (value === 0) return '0'
  const size = Math.abs(value)
  if (size < 1e-3 || size >= 1e6) {
    const places = Math.max(0, Math.floor(Math.log10(size)) - Math.floor(Math.log10(step)))
    return value.toExponential(Math.min(places, 6)).replace('+', '').toUpperCase()
  }
  return value.toFixed(Math.min(6, Math.max(0, -Math.floor(Math.log10(step) + 1e-9))))
}

/** The value below which lies this share of the finite values. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
}
