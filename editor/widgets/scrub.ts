import { fitted, type Limits, stepOf } from './limits.ts'

/** A number that is being dragged sideways. `way` grows with the pointer and keeps fractions. */
export interface Scrub {
  readonly start: number
  readonly step: number
  readonly way: number
}

/** Keys that change the pace: Shift a tenth, Ctrl or Cmd tenfold. */
export interface Pace {
  readonly shiftKey: boolean
  readonly ctrlKey: boolean
  readonly metaKey: boolean
}

/** How many steps one pixel, or one press of an arrow, is. */
export function paceOf({ shiftKey, ctrlKey, metaKey }: Pace): number {
  if (shiftKey) return 0.1
  return ctrlKey || metaKey ? 10 : 1
}

/** Begins at a value. */
export function beginScrub(limits: Limits, value: number): Scrub {
  return { start: value, step: stepOf(limits, value), way: 0 }
}

/** Goes on by some pixels; a change of pace keeps what was reached. */
export function scrubBy(scrub: Scrub, pixels: number, pace: Pace): Scrub {
  return { ...scrub, way: scrub.way + pixels * paceOf(pace) }
}

/** The value that is reached, allowed by the limits. */
export function scrubbed(limits: Limits, { start, step, way }: Scrub): number {
  // Whole steps, or tenths of them: the value moves along a grid that passes through the start.
  const grain = limits.integer || limits.multipleOf ? 1 : 10
  return fitted(limits, start + (Math.round(way * grain) / grain) * step)
}

/** The value after a press of an arrow or page key; undefined for other keys. */
export function keyed(
  limits: Limits,
  value: number,
  event: Pace & { readonly key: string },
): number | undefined {
  const step = stepOf(limits, value)
  const whole = limits.integer || limits.multipleOf !== undefined
  const pace = whole ? Math.max(1, paceOf(event)) : paceOf(event)
  const moves: Readonly<Record<string, number | undefined>> = {
    ArrowUp: value + step * pace,
    ArrowRight: value + step * pace,
    ArrowDown: value - step * pace,
    ArrowLeft: value - step * pace,
    PageUp: value + step * 10,
    PageDown: value - step * 10,
    Home: limits.min,
    End: limits.max,
  }
  const next = moves[event.key]
  return next === undefined ? undefined : fitted(limits, next)
}
