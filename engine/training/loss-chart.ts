import { lettering, textWidth } from './chart/letters.ts'
import { type Box, dots, ink, line, type Point, panel } from './chart/panel.ts'
import { linearScale, quantile, type Scale } from './chart/scale.ts'
import type { TrainingResult } from './result.ts'

/** What a chart shows of a training. */
export type ChartedTraining = Pick<TrainingResult, 'name' | 'log' | 'validations' | 'bins'>

/** Pixels of the picture. */
export interface ChartSize {
  readonly width: number
  readonly height: number
}

const colours = {
  loss: '#6d9bd1',
  average: '#174a8c',
  validation: '#c8511b',
  best: '#c8511b',
  rate: '#3f8f4f',
  bins: '#8d80c0',
} as const

/**
 * A chart of a training as SVG without fonts: the loss of every step as faint dots, their moving
 * average and the validation loss as lines, below it the learning rates, beside it the loss by
 * timestep. The axis of the loss ends where all lines fit and 98 % of the dots.
 */
export function lossChart(training: ChartedTraining, { width, height }: ChartSize): string {
  const size = Math.max(6, Math.round(Math.min(width / 100, height / 50)))
  const hasBins = training.bins.some(({ count }) => count > 0)
  const right = width - 3 * size
  const split = hasBins ? Math.round(width * 0.7) : right
  const left = 9 * size
  const floor = height - 6 * size
  const main: Box = { left, top: 6 * size, right: split, bottom: Math.round(height * 0.68) }
  const below: Box = { left, top: main.bottom + 4 * size, right: split, bottom: floor }
  const beside: Box = { left: split + 10 * size, top: main.top, right, bottom: floor }
  const steps = linearScale(stepsOf(training), [left, split], { count: 8 })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
      `viewBox="0 0 ${width} ${height}">`,
    `<rect width="100%" height="100%" fill="${ink.paper}"/>`,
    lettering(titleOf(training), left, 2.6 * size, { size: 1.3 * size, colour: ink.text }),
    lossPanel(training, main, steps, size),
    ratePanel(training, below, steps, size),
    hasBins ? binPanel(training, beside, size) : '',
    '</svg>',
  ].join('')
}

function titleOf({ name, log }: ChartedTraining): string {
  return log.length === 0 ? `${name}: no steps` : `${name}: ${log.length} steps`
}

function lossPanel({ log, validations }: ChartedTraining, box: Box, x: Scale, size: number) {
  const averages: Point[] = log.map(({ step, average }) => [step, average])
  const held: Point[] = validations.map(({ step, loss }) => [step, loss])
  const raw: Point[] = log.map(({ step, loss }) => [step, loss])
  const most = quantile(
    raw.map(([, loss]) => loss),
    0.98,
  )
  const heights = [...averages, ...held].map(([, loss]) => loss)
  const y = linearScale([...heights, most], [box.bottom, box.top], { fromZero: true })
  const best = validations.filter(({ isBest }) => isBest).at(-1)
  return [
    panel(box, x, y, { size, title: 'loss' }),
    dots(raw, x, y, `stroke="${colours.loss}" stroke-opacity="0.35" stroke-width="${size / 2}"`),
    line(averages, x, y, `stroke="${colours.average}" stroke-width="${size / 4}"`),
    line(held, x, y, `stroke="${colours.validation}" stroke-width="${size / 4}"`),
    dots(held, x, y, `stroke="${colours.validation}" stroke-width="${size / 2}"`),
    dots(best ? [[best.step, best.loss]] : [], x, y, bestStyle(size)),
    legend(legendOf(validations.length > 0, best?.step), box, size),
  ].join('')
}

function bestStyle(size: number): string {
  return `stroke="${colours.best}" stroke-width="${1.2 * size}"`
}

type Entry = readonly [text: string, colour: string]

function legendOf(isValidated: boolean, best: number | undefined): Entry[] {
  const entries: Entry[] = [
    ['a step', colours.loss],
    ['average', colours.average],
  ]
  if (isValidated) entries.push(['validation', colours.validation])
  if (best !== undefined) entries.push([`best at ${best}`, colours.best])
  return entries
}

/** From the right end of the title's line to the left. */
function legend(entries: readonly Entry[], box: Box, size: number): string {
  let end = box.right
  const parts = entries.toReversed().map(([text, colour]) => {
    const start = end - textWidth(text, size)
    const bar = `M${start - 2.5 * size} ${box.top - 1.5 * size}h${1.5 * size}`
    end = start - 4.5 * size
    return (
      `<path d="${bar}" stroke="${colour}" stroke-width="${size / 2}"/>` +
      lettering(text, start, box.top - size, { size, colour: ink.text })
    )
  })
  return parts.join('')
}

function ratePanel({ log }: ChartedTraining, box: Box, x: Scale, size: number): string {
  const groups = [...new Set(log.flatMap(({ rates }) => Object.keys(rates)))]
  const all = log.flatMap(({ rates }) => Object.values(rates))
  const y = linearScale(all, [box.bottom, box.top], { count: 2, fromZero: true })
  const lines = groups.map((group, index) => {
    const points: Point[] = log.map(({ step, rates }) => [step, rates[group] ?? Number.NaN])
    const dash = index === 0 ? '' : ` stroke-dasharray="${size} ${size / 2}"`
    return line(points, x, y, `stroke="${colours.rate}" stroke-width="${size / 4}"${dash}`)
  })
  const title = `learning rate${groups.length > 1 ? ` (${groups.join(', ')})` : ''}`
  return panel(box, x, y, { size, title, below: 'step' }) + lines.join('')
}

function binPanel({ bins }: ChartedTraining, box: Box, size: number): string {
  const ends = bins.flatMap(({ from, to }) => [from, to])
  const x = linearScale(ends, [box.left, box.right], { count: 4 })
  const losses = bins.filter(({ count }) => count > 0).map(({ loss }) => loss)
  const y = linearScale(losses, [box.bottom, box.top], { fromZero: true })
  const bars = bins
    .filter(({ count, loss }) => count > 0 && Number.isFinite(loss))
    .map(
      ({ from, to, loss }) =>
        `M${x.at(from) + 1} ${box.bottom}V${y.at(loss)}H${x.at(to) - 1}V${box.bottom}z`,
    )
  return (
    panel(box, x, y, { size, title: 'loss by timestep', below: 'timestep' }) +
    `<path d="${bars.join('')}" fill="${colours.bins}" fill-opacity="0.8"/>`
  )
}

function stepsOf({ log, validations }: ChartedTraining): number[] {
  return [...log, ...validations].map(({ step }) => step)
}
