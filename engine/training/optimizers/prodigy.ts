import { z } from 'zod'
import { FormatError } from '../../errors.ts'
import { add, mul, scalar, vector } from '../../onnx/express.ts'
import type { Value } from '../../onnx/value.ts'
import { betasOf, epsilon, weightDecay } from './arguments.ts'
import { blend, sumAll, times, total } from './numeric.ts'
import { type Block, defineOptimizer, perGroup, type Rates, type UpdateScope } from './optimizer.ts'

const positive = z.number().gt(0)

const args = z.strictObject({
  betas: betasOf(0.9, 0.999),
  beta3: z.number().gt(0).lt(1).optional().describe('of the sums behind d; absent: root of beta 2'),
  eps: epsilon(1e-8),
  weightDecay: weightDecay(0),
  decouple: z.boolean().default(true).describe('weight decay as in AdamW; else in the gradient'),
  useBiasCorrection: z.boolean().default(false).describe('Adam’s correction of the first steps'),
  safeguardWarmup: z.boolean().default(false).describe('keep a warm-up of the rate out of d'),
  d0: positive.default(1e-6).describe('the first d'),
  dCoef: positive.default(1).describe('multiplies the estimate of d'),
  growthRate: z.number().gt(1).optional().describe('most that d grows by in a step; absent: any'),
})

type Args = z.infer<typeof args>

/**
 * Adam that finds its own rate `d` from how far the parameters have gone along the gradients; the
 * rate given from outside multiplies it and is usually 1. Over all parameters, with `p0` those at
 * the start: `num = b3 num + d / d0 · d·rate · Σ g·(p0 - p)`, `s = b3 s + d / d0 · d·rate · g`,
 * `d = max(d, num / Σ|s|)`. A step in which all rates are 0 changes nothing at all.
 * Source: Mishchenko and Defazio 2023, Algorithm 4, arXiv 2306.06101, in the form and with the
 * defaults of prodigyopt 1.1.
 */
export const prodigy = defineOptimizer({
  about: 'finds the rate itself; learningRate multiplies it and is usually 1',
  args,
  packing: 'flat',
  scalars: ({ args: { betas, beta3 }, rates }) => ({
    ...averageNumbers('correction1', betas[0], commonRate(rates) > 0),
    ...averageNumbers('correction2', betas[1], commonRate(rates) > 0),
    numeratorKeep: commonRate(rates) > 0 ? (beta3 ?? Math.sqrt(betas[1])) : 1,
    rate: commonRate(rates),
    ...perGroup(rates, (rate) => ({
      active: rate > 0 ? 1 : 0,
      ...averageNumbers('first', betas[0], rate > 0),
      ...averageNumbers('second', betas[1], rate > 0),
      sumKeep: rate > 0 ? (beta3 ?? Math.sqrt(betas[1])) : 1,
    })),
  }),
  update(scope, blocks, args) {
    const distance = readDistance(scope, args)
    const moments = blocks.map((block) => nextMoments(scope, block, distance, args))
    const next = nextDistance(scope, distance, moments, args)
    const { builder, scalar: fed } = scope
    const eps = times(builder, next.d, args.eps)
    return blocks.map(({ group, parameter }, index) => {
      const { m, v } = moments[index]!
      const root = add(builder, builder.op('Sqrt', [v]), eps)
      const stride = mul(builder, next.stride, fed(`active ${group}`))
      const shift = mul(builder, builder.op('Div', [m, root]), stride)
      if (!args.weightDecay || !args.decouple) return builder.op('Sub', [parameter, shift])
      const lost = mul(builder, parameter, times(builder, stride, args.weightDecay))
      return builder.op('Sub', [builder.op('Sub', [parameter, lost]), shift])
    })
  },
})

/** The one rate of all groups that are trained. Throws a `FormatError` where there are two. */
function commonRate(rates: Rates): number {
  const trained = Object.entries(rates).filter(([, rate]) => rate > 0)
  const different = trained.find(([, rate]) => rate !== trained[0]![1])
  if (!different) return trained[0]?.[1] ?? 0
  throw new FormatError(
    `Prodigy: rates ${trained[0]![1]} (${trained[0]![0]}) and ${different[1]} (${different[0]}),` +
      ' expected one rate for all; it works out their size itself',
  )
}

/** The two factors of a running average; where it is at rest they keep what is there. */
function averageNumbers(name: string, beta: number, isActive: boolean): Record<string, number> {
  return { [`${name}Keep`]: isActive ? beta : 1, [`${name}Gain`]: isActive ? 1 - beta : 0 }
}

interface Distance {
  readonly d: Value
  readonly greatest: Value
  readonly numerator: Value
  /** `1 - beta^t` of both averages: counted here because steps at rate 0 do not count. */
  readonly corrections: readonly [Value, Value]
  readonly nextCorrections: readonly [Value, Value]
  /** `d * rate`, corrected. */
  readonly stride: Value
}

function readDistance(scope: UpdateScope, { d0, useBiasCorrection }: Args): Distance {
  const { builder, scalar: fed, state } = scope
  const d = state('d', { shape: [], initial: d0 })
  const one = vector(builder, [1], [])
  const corrections = [1, 2].map((order) =>
    state(`correction${order}`, { shape: [], initial: 'zeros' }),
  ) as [Value, Value]
  const nextCorrections = corrections.map((value, index) => {
    const name = `correction${index + 1}`
    return blend(builder, value, fed(`${name}Keep`), one, fed(`${name}Gain`))
  }) as [Value, Value]
  const plain = mul(builder, d, fed('rate'))
  // Before the first step with a rate the corrections are 0; the rate is 0 too.
  const divisor = builder.op('Max', [nextCorrections[0], scalar(builder, 1e-30)])
  const corrected = () =>
    builder.op('Div', [mul(builder, plain, builder.op('Sqrt', [nextCorrections[1]])), divisor])
  return {
    d,
    greatest: state('d_max', { shape: [], initial: d0 }),
    numerator: state('d_numerator', { shape: [], initial: 'zeros' }),
    corrections,
    nextCorrections,
    stride: useBiasCorrection ? corrected() : plain,
  }
}

interface Moments {
  readonly m: Value
  readonly v: Value
  /** `Σ g·(p0 - p)` of the block, shape [1]. */
  readonly travelled: Value
  /** `Σ|s|` of the block, shape [1]; 0 for a group at rest. */
  readonly reach: Value
}

function nextMoments(scope: UpdateScope, block: Block, distance: Distance, args: Args): Moments {
  const { builder, scalar: fed, state, keep } = scope
  const { name, group, shape, parameter, parameters } = block
  const { d, stride } = distance
  const isCoupled = args.weightDecay > 0 && !args.decouple
  const gradient = isCoupled
    ? blend(builder, block.gradient, 1, parameter, args.weightDecay)
    : block.gradient
  const start = state(`p0 ${name}`, { shape, initial: 'parameter', of: parameters })
  keep(`p0 ${name}`, start)
  const running = (slot: string, value: Value, factors: readonly [Value, Value]) => {
    const before = state(`${slot} ${name}`, { shape, initial: 'zeros' })
    const next = blend(builder, before, factors[0], value, factors[1])
    keep(`${slot} ${name}`, next)
    return next
  }
  const gain1 = mul(builder, fed(`firstGain ${group}`), d)
  const gain2 = mul(builder, mul(builder, fed(`secondGain ${group}`), d), d)
  const square = mul(builder, gradient, gradient)
  const active = fed(`active ${group}`)
  const share = times(builder, mul(builder, d, args.safeguardWarmup ? d : stride), 1 / args.d0)
  const sumGain = mul(builder, share, active)
  const s = running('s', gradient, [fed(`sumKeep ${group}`), sumGain])
  const way = mul(builder, gradient, builder.op('Sub', [start, parameter]))
  return {
    m: running('exp_avg', gradient, [fed(`firstKeep ${group}`), gain1]),
    v: running('exp_avg_sq', square, [fed(`secondKeep ${group}`), gain2]),
    travelled: mul(builder, sumAll(builder, way), active),
    reach: mul(builder, sumAll(builder, builder.op('Abs', [s])), active),
  }
}

/** The new `d`, and the stride of this step, which is still of the old one. */
function nextDistance(
  scope: UpdateScope,
  distance: Distance,
  moments: readonly Moments[],
  { d0, dCoef, growthRate }: Args,
): { d: Value; stride: Value } {
  const { builder, scalar: fed, keep, report } = scope
  const { d, greatest, numerator, stride } = distance
  const zero = scalar(builder, 0)
  const reach = total(
    builder,
    moments.map(({ reach }) => reach),
  )
  const travelled = total(
    builder,
    moments.map(({ travelled }) => travelled),
  )
  // With nothing to go by (no gradient yet, or rates of 0) all stays as it is.
  const isIdle = builder.op('Equal', [reach, zero])
  const unless = (value: Value, idle: Value) => builder.op('Where', [isIdle, idle, value])
  const weight = times(builder, mul(builder, d, stride), 1 / d0)
  const sum = blend(builder, numerator, fed('numeratorKeep'), travelled, weight)
  const divisor = unless(reach, scalar(builder, 1))
  const estimate = times(builder, builder.op('Div', [sum, divisor]), dCoef)
  const max = (a: Value, b: Value) => builder.op('Max', [a, b])
  const isFirst = builder.op('Equal', [d, scalar(builder, d0)])
  const grown = builder.op('Where', [isFirst, max(d, estimate), d])
  const most = max(greatest, estimate)
  const next =
    growthRate === undefined ? most : builder.op('Min', [most, times(builder, grown, growthRate)])
  const kept = unless(next, d)
  keep('d', kept)
  keep('d_max', unless(most, greatest))
  keep('d_numerator', unless(sum, numerator))
  distance.corrections.forEach((value, index) => {
    keep(`correction${index + 1}`, unless(distance.nextCorrections[index]!, value))
  })
  report('d', kept)
  return { d: kept, stride: unless(stride, zero) }
}
