import type { ParamInfo } from '../state/types.ts'

/** Which numbers a param takes. */
export interface Limits {
  readonly min: number | undefined
  readonly max: number | undefined
  readonly integer: boolean
  /** The value itself is not allowed. */
  readonly openMin: boolean
  readonly openMax: boolean
  /** Every value is a multiple of it. */
  readonly multipleOf: number | undefined
  /** What the node's author wants one step to be. */
  readonly step: number | undefined
}

/** The limits that a schema states. */
export function limitsOf(schema: ParamInfo['schema']): Limits {
  const number = (name: string) => {
    const value = schema[name]
    // 2^53 - 1 is what zod writes for "any integer": no limit that a person should see.
    const plain = typeof value === 'number' && Math.abs(value) < Number.MAX_SAFE_INTEGER
    return plain ? value : undefined
  }
  const openMin = number('exclusiveMinimum')
  const openMax = number('exclusiveMaximum')
  return {
    min: openMin ?? number('minimum'),
    max: openMax ?? number('maximum'),
    integer: schema.type === 'integer',
    openMin: openMin !== undefined,
    openMax: openMax !== undefined,
    multipleOf: number('multipleOf'),
    step: number('step'),
  }
}

/** One step of the arrows and one pixel of scrubbing, for a value of this size. */
export function stepOf(limits: Limits, value: number): number {
  const { min, max, integer, multipleOf, step } = limits
  if (step) return step
  if (multipleOf) return multipleOf
  if (integer) return 1
  const size = Math.abs(value)
  // Rates such as 0.0001 move by a tenth of themselves.
  if (size > 0 && size < 0.01) return 10 ** (Math.floor(Math.log10(size)) - 1)
  const range = (max ?? Number.POSITIVE_INFINITY) - (min ?? 0)
  if (range <= 1) return 0.01
  return size >= 100 ? 1 : size >= 20 ? 0.1 : 0.01
}

/** The nearest value that is allowed. */
export function fitted(limits: Limits, value: number): number {
  const { min, max, integer, multipleOf, openMin, openMax } = limits
  const grid = multipleOf ?? (integer ? 1 : 0)
  const nudge = grid || tiniest(limits)
  const low = min === undefined ? Number.NEGATIVE_INFINITY : openMin ? min + nudge : min
  const high = max === undefined ? Number.POSITIVE_INFINITY : openMax ? max - nudge : max
  const inside = Math.min(high, Math.max(low, value))
  if (!grid) return clean(inside)
  const rounded = Math.round(inside / grid) * grid
  if (rounded < low) return clean(Math.ceil(low / grid) * grid)
  if (rounded > high) return clean(Math.floor(high / grid) * grid)
  return clean(rounded)
}

/** Whether a value is allowed as it is. */
export function allowed(limits: Limits, value: number): boolean {
  return Number.isFinite(value) && fitted(limits, value) === clean(value)
}

/** The limits in words of arithmetic: `0 … 100`; empty where there are none. */
export function limitsText({ min, max, openMin, openMax }: Limits): string {
  if (min === undefined && max === undefined) return ''
  const low = min === undefined ? '' : `${openMin ? '> ' : ''}${min}`
  const high = max === undefined ? '' : `${openMax ? '< ' : ''}${max}`
  return `${low} … ${high}`.trim()
}

/** A number as it is shown: no dust of binary fractions, small rates with an exponent. */
export function shown(value: number): string {
  const text = String(clean(value))
  return text.replace('e-', 'e−').replace(/^-/, '−')
}

/** Without the dust that sums of binary fractions leave: 0.1 + 0.2 is 0.3. */
export function clean(value: number): number {
  return Number.isInteger(value) ? value : Number(value.toPrecision(12))
}

function tiniest({ min = 0, max = min + 1 }: Limits): number {
  return Math.min(0.01, (max - min) / 100)
}
