import { lettering } from './letters.ts'
import type { Scale } from './scale.ts'

/** Pixels, `top` above `bottom`. */
export interface Box {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

/** A place in the values of a panel. */
export type Point = readonly [x: number, y: number]

export const ink = { text: '#3a3f47', frame: '#8a9099', grid: '#e4e7eb', paper: '#ffffff' } as const

export interface PanelTexts {
  readonly title?: string
  /** Below the horizontal axis; without it, the axis has no numbers. */
  readonly below?: string
  readonly size: number
}

/** The frame of a panel with lines of a grid, numbers at its axes and its texts. */
export function panel(box: Box, x: Scale, y: Scale, texts: PanelTexts): string {
  const { left, top, right, bottom } = box
  const { size, title, below } = texts
  const small = { size, colour: ink.text }
  const grid = [
    ...x.ticks.map((tick) => `M${x.at(tick)} ${top}V${bottom}`),
    ...y.ticks.map((tick) => `M${left} ${y.at(tick)}H${right}`),
  ]
  return [
    `<path d="${grid.join('')}" stroke="${ink.grid}" fill="none"/>`,
    ...y.ticks.map((tick) =>
      lettering(y.label(tick), left - size, y.at(tick) + size / 2, { ...small, anchor: 'end' }),
    ),
    ...(below === undefined
      ? []
      : [
          ...x.ticks.map((tick) =>
            lettering(x.label(tick), x.at(tick), bottom + 2 * size, { ...small, anchor: 'middle' }),
          ),
          lettering(below, (left + right) / 2, bottom + 4.2 * size, { ...small, anchor: 'middle' }),
        ]),
    ...(title === undefined ? [] : [lettering(title, left, top - size, small)]),
    `<rect x="${left}" y="${top}" width="${right - left}" height="${bottom - top}" fill="none" ` +
      `stroke="${ink.frame}"/>`,
  ].join('')
}

/** A line through points in order, at most two for each pixel. NaN and infinity break it. */
export function line(points: readonly Point[], x: Scale, y: Scale, style: string): string {
  const width = Math.abs(x.at(x.high) - x.at(x.low))
  let path = ''
  let pen = 'M'
  for (const [step, value] of thinned(points, 2 * width)) {
    if (!Number.isFinite(value)) pen = 'M'
    else {
      path += `${pen}${x.at(step).toFixed(1)} ${clamped(value, y).toFixed(1)}`
      pen = 'L'
    }
  }
  return `<path d="${path}" fill="none" stroke-linejoin="round" ${style}/>`
}

/** Most dots that are drawn: more only make the same cloud darker. */
const mostDots = 4000

/** Points as dots; what lies beyond the axis is drawn at its end. */
export function dots(points: readonly Point[], x: Scale, y: Scale, style: string): string {
  const places = thinned(points, mostDots)
    .filter(([, value]) => Number.isFinite(value))
    .map(([step, value]) => `M${x.at(step).toFixed(1)} ${clamped(value, y).toFixed(1)}h0`)
  return `<path d="${places.join('')}" stroke-linecap="round" fill="none" ${style}/>`
}

function clamped(value: number, scale: Scale): number {
  return scale.at(Math.min(scale.high, Math.max(scale.low, value)))
}

/** Every so many of the points, the last one included. */
function thinned(points: readonly Point[], most: number): Point[] {
  const stride = Math.max(1, Math.ceil(points.length / Math.max(1, most)))
  return points.filter((_, index) => index % stride === 0 || index === points.length - 1)
}
