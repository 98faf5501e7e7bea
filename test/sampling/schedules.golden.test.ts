import { describe, expect, test } from 'vitest'
import { alignedLevels, alignedSigmas } from '../../engine/sampling/align-your-steps.ts'
import { planSigmas } from '../../engine/sampling/plan-sigmas.ts'
import {
  betaSigmas,
  isScheduleName,
  karrasSigmas,
  polyexponentialSigmas,
  rangeOf,
  schedules,
} from '../../engine/sampling/schedules.ts'
import {
  angularSigmas,
  discreteSigmas,
  edmSigmas,
  flowSigmas,
  type SigmaTable,
} from '../../engine/sampling/sigma-table.ts'
import { sliceSigmas } from '../../engine/sampling/slice-sigmas.ts'
import {
  differentNumbers,
  expectKnown,
  forCases,
  goldenSet,
  largestRelativeGap,
  reportNotCovered,
} from './golden-data.ts'

interface TableCase {
  note: string
  prediction: string
  settings: Record<string, number | boolean>
  sigma_min: number
  sigma_max: number
  sigma_data: number
  percent_to_sigma: [number, number][]
  timestep_of_sigma: [number, number][]
  sigma_of_timestep: [number, number][]
}

const relative = 2e-6

const tables = goldenSet<Record<string, TableCase>>('samplers/schedules/sigma_tables')
const found = new Map(
  Object.entries(tables?.json ?? {}).map(([name, one]) => [name, tableOf(name, one)]),
)

/** The table that a case describes by its name, note and settings. */
function tableOf(name: string, { prediction, settings, sigma_max }: TableCase): SigmaTable {
  const { sigma_min: min, sigma_max: max, shift } = settings as Record<string, number>
  const given = { ...(min !== undefined && { min }), ...(max !== undefined && { max }) }
  if (name.startsWith('flux')) {
    return flowSigmas({ shift: Math.exp(shift as number), timesteps: 10_000, scale: 1 })
  }
  if (prediction === 'const') return flowSigmas({ shift: shift as number })
  if (name.startsWith('edm')) return edmSigmas(given)
  if (name.startsWith('continuous')) return angularSigmas(given)
  if (prediction === 'lcm') return discreteSigmas({ every: 20 })
  return discreteSigmas({ zeroTerminalSnr: sigma_max > 100 })
}

forCases('sigma tables', Object.entries(tables?.json ?? {}), ([name, one]) => {
  const table = found.get(name) as SigmaTable
  test(`${name} converts between sigma, timestep and percent`, () => {
    const expected = tables!.latent(`${name}.sigmas`).data
    expect(largestRelativeGap(table.sigmas, expected)).toBeLessThan(relative)
    if (/^(sd|lcm)/.test(name)) expect(differentNumbers(table.sigmas, expected)).toBe(0)
    const { min, max } = rangeOf(table)
    expect(max / one.sigma_max).toBeCloseTo(1, 6)
    expect(min / one.sigma_min).toBeCloseTo(1, 6)
    const check = (convert: (value: number) => number, pairs: [number, number][]) => {
      for (const [from, to] of pairs) {
        expect(largestRelativeGap([convert(from)], [to]), `${from}`).toBeLessThan(relative)
      }
    }
    check(table.sigmaOfPercent, one.percent_to_sigma)
    check(table.sigmaOfTimestep, one.sigma_of_timestep)
    check(table.timestepOfSigma, one.timestep_of_sigma)
  })
})

interface ScheduleCase {
  model: string
  scheduler: string
  steps: number
  denoise: number
  sampler_class: string
  sigmas: number[] | null
}

const golden = goldenSet<{ cases: ScheduleCase[] }>('samplers/schedules/schedules')
const cases = golden?.json.cases ?? []
const worst = new Map<string, number>()

expectKnown(
  'schedule',
  cases.map((one) => one.scheduler),
  new Set(Object.keys(schedules)),
)
expectKnown(
  'sampler class',
  cases.map((one) => one.sampler_class),
  new Set(['default', 'discard_penultimate']),
)

describe('schedules', () => {
  const groups = Map.groupBy(cases, ({ model, scheduler }) => `${scheduler} on ${model}`)
  for (const [title, group] of groups) {
    test(`${title} equals the reference`, () => {
      for (const one of group) {
        const table = found.get(one.model)
        if (!table || !isScheduleName(one.scheduler)) continue
        const run = () =>
          planSigmas({
            schedule: one.scheduler,
            steps: one.steps,
            denoise: one.denoise,
            table,
            ...(one.sampler_class === 'discard_penultimate' && { sampler: 'dpm_2' }),
          })
        const label = `${one.steps} steps, denoise ${one.denoise}, ${one.sampler_class}`
        if (one.sigmas === null) continue
        const gap = largestRelativeGap(run(), one.sigmas)
        worst.set(one.scheduler, Math.max(gap, worst.get(one.scheduler) ?? 0))
        const steep = one.scheduler === 'kl_optimal' && (table.sigmas.at(-1) as number) > 1000
        expect(gap, label).toBeLessThan(steep ? 2e-4 : relative)
        if (
          ['simple', 'beta', 'ddim_uniform'].includes(one.scheduler) &&
          one.model.startsWith('sd')
        ) {
          expect(gap, label).toBe(0)
        }
      }
    })
  }
  test('largest relative errors', () => {
    console.info([...worst].map(([name, gap]) => `${name} ${gap.toExponential(1)}`).join(', '))
  })
})

interface NodeCase {
  node: string
  inputs: Record<string, number> & { scheduler?: string }
  model?: string
  sigmas: number[]
}

const nodes = goldenSet<{ cases: NodeCase[] }>('samplers/schedules/sigma_nodes')

/** Schedule nodes of the reference, and how they are asked for here. */
const nodeSigmas: Record<string, (one: NodeCase) => ArrayLike<number>> = {
  KarrasScheduler: ({ inputs }) => karrasSigmas(rangeIn(inputs)),
  ExponentialScheduler: ({ inputs }) => polyexponentialSigmas(rangeIn(inputs)),
  PolyexponentialScheduler: ({ inputs }) => polyexponentialSigmas(rangeIn(inputs)),
  BetaSamplingScheduler: ({ inputs, model }) =>
    betaSigmas(
      found.get(model as string) as SigmaTable,
      inputs.steps as number,
      inputs.alpha,
      inputs.beta,
    ),
  BasicScheduler: ({ inputs, model }) =>
    planSigmas({
      schedule: inputs.scheduler as unknown as string,
      steps: inputs.steps as number,
      denoise: inputs.denoise as number,
      table: found.get(model as string) as SigmaTable,
    }),
}

const otherNodes = new Set([
  'LaplaceScheduler',
  'VPScheduler',
  'SDTurboScheduler',
  'SplitSigmas',
  'SplitSigmasDenoise',
  'FlipSigmas',
])

function rangeIn(inputs: Record<string, number>) {
  const { steps, sigma_min, sigma_max, rho } = inputs as Record<string, number>
  return {
    steps: steps as number,
    min: sigma_min as number,
    max: sigma_max as number,
    ...(rho !== undefined && { rho }),
  }
}

describe('schedule nodes', () => {
  const all = nodes?.json.cases ?? []
  expectKnown(
    'schedule node',
    all.map((one) => one.node),
    new Set([...Object.keys(nodeSigmas), ...otherNodes]),
  )
  reportNotCovered(
    'schedule nodes',
    all.map((one) => one.node).filter((name) => otherNodes.has(name)),
  )
  for (const one of all) {
    const make = nodeSigmas[one.node]
    if (!make) continue
    test(`${one.node} ${JSON.stringify(one.inputs)}`, () => {
      expect(largestRelativeGap(make(one), one.sigmas)).toBeLessThan(relative)
    })
  }
})

interface SliceCase {
  model: string
  scheduler: string
  steps: number
  start_at_step: number
  end_at_step: number
  force_full_denoise: boolean
  sampled: boolean
  sigmas: number[] | null
}

const slices = goldenSet<{ cases: SliceCase[] }>('samplers/schedules/ksampler_advanced_slices')

forCases('parts of a schedule', slices?.json.cases, (one) => {
  const { model, scheduler, steps, start_at_step: start, end_at_step: end } = one
  test(`${scheduler} ${steps}, steps ${start} to ${end}, ${one.force_full_denoise}`, () => {
    const table = found.get(model) as SigmaTable
    const whole = planSigmas({ schedule: scheduler, steps, table })
    const sliced = sliceSigmas(whole, { start, end, finish: one.force_full_denoise })
    expect(sliced.length > 1).toBe(one.sampled)
    if (one.sigmas) expect(largestRelativeGap(sliced, one.sigmas)).toBeLessThan(relative)
  })
})

interface AlignedCase {
  model_type: string
  steps: number
  denoise: number
  sigmas: number[]
}

const alignedNames: Record<string, keyof typeof alignedLevels> = { SD1: 'sd15', SDXL: 'sdxl' }
const aligned = goldenSet<{ cases: AlignedCase[]; tables: Record<string, number[]> }>(
  'samplers/schedules/align_your_steps',
)

const alignedCases = aligned?.json.cases ?? []
const isAligned = ({ model_type }: AlignedCase) => alignedNames[model_type] !== undefined

reportNotCovered(
  'aligned steps',
  alignedCases.filter((one) => !isAligned(one)).map(({ model_type }) => model_type),
)

forCases('aligned steps', alignedCases.filter(isAligned), (one) => {
  const { model_type, steps, denoise, sigmas } = one
  test(`${model_type}, ${steps} steps, denoise ${denoise}`, () => {
    const name = alignedNames[model_type] as keyof typeof alignedLevels
    const whole = alignedSigmas(alignedLevels[name], steps)
    // Halves are rounded to even there.
    const count = steps * denoise
    const kept = count % 1 === 0.5 ? 2 * Math.round(count / 2) : Math.round(count)
    expect(largestRelativeGap(whole.slice(-(kept + 1)), sigmas)).toBeLessThan(relative)
  })
})
