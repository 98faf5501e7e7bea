import { type Builder, createBuilder } from '../onnx/builder.ts'
import { add, mul, scalar } from '../onnx/express.ts'
import type { Program, Value } from '../onnx/value.ts'
import type { HostTensor } from '../runtime/tensor.ts'
import { type BlockLayout, blockLayouts, elements, pack, unpack } from './optimizers/blocks.ts'
import { limitNorms } from './optimizers/max-norm.ts'
import { blend, sumOfSquares, total } from './optimizers/numeric.ts'
import type { Block, Rates, StateSlot, UpdateScope } from './optimizers/optimizer.ts'
import { type OptimizerSettings, preparedOptimizer } from './optimizers.ts'
import type { ParameterInfo } from './parameter.ts'

/** How parameters are updated. */
export interface UpdateSettings {
  readonly optimizer: OptimizerSettings
  /** Largest norm of all gradients together; 0 is off. */
  readonly maxGradNorm: number
  /** Largest norm of the change of a layer, see `limitNorms`; needs `loraScales`. */
  readonly maxNorm?: number | undefined
  /** `alpha / rank` by layer: what `up down` is multiplied by. */
  readonly loraScales?: ReadonlyMap<string, number> | undefined
  /** Keep a running average of the parameters. */
  readonly ema?: boolean | undefined
  /** Share of the average that a step keeps at most; 0.999 where absent. */
  readonly emaDecay?: number | undefined
}

/** A tensor that is kept from step to step. */
export interface StateInfo extends StateSlot {
  readonly name: string
}

/** The program that makes new parameters of old ones and gradients, and what it must be fed. */
export interface UpdateProgram {
  /**
   * Takes `parameter NAME`, `gradient NAME` (a sum over micro-batches), `state NAME` and `scalars`;
   * gives `next parameter NAME`, `next state NAME`, and with shape []: `gradientNorm` (before
   * clipping), `parameterNorm` (before the step), `updateNorm` (what the optimizer adds) and
   * `extras`.
   */
  readonly program: Program
  /** The average of parameter NAME is the state `ema NAME`, in the parameter's shape. */
  readonly state: readonly StateInfo[]
  /** Further results of shape [], such as Prodigy's `d`. */
  readonly extras: readonly string[]
  /**
   * What is fed beside tensors at `step`, counted from 1; `divisor` is the number of micro-batches
   * whose gradients were summed. Throws a `FormatError` where the optimizer cannot use the rates.
   */
  scalars(step: number, rates: Rates, divisor: number): Record<string, HostTensor>
}

/** Builds the update of all parameters. Throws where `settings` do not fit the parameters. */
export function updateProgram(
  settings: UpdateSettings,
  parameters: readonly ParameterInfo[],
): UpdateProgram {
  const optimizer = preparedOptimizer(settings.optimizer)
  const builder = createBuilder('update')
  const { scope, state, extras, scalarNames } = createScope(builder)
  const layouts = blockLayouts(parameters, optimizer.packing)
  const [packed, gradientNorm] = packedBlocks(builder, scope, layouts, settings.maxGradNorm)
  const updated = optimizer.update(scope, packed)
  const squares = (values: readonly Value[]) =>
    builder.op('Sqrt', [
      total(
        builder,
        values.map((value) => sumOfSquares(builder, value)),
      ),
    ])
  const changes = packed.map((block, index) =>
    builder.op('Sub', [updated[index]!, block.parameter]),
  )
  let results: ReadonlyMap<string, Value> = new Map(
    layouts.flatMap((layout, index) =>
      unpack(builder, layout, updated[index]!).map(
        (value, at) => [layout.parameters[at]!.name, value] as const,
      ),
    ),
  )
  if (settings.maxNorm !== undefined) {
    const scales = settings.loraScales ?? new Map()
    const limited = limitNorms(builder, results, settings.maxNorm, scales)
    results = limited.parameters
    scope.report('scaledKeys', limited.scaledKeys)
    scope.report('averageKeyNorm', limited.averageKeyNorm)
  }
  if (settings.ema) appendAverages(scope, parameters, results)
  for (const { name } of parameters) builder.output(`next parameter ${name}`, results.get(name)!)
  builder.output('gradientNorm', gradientNorm)
  builder.output('parameterNorm', squares(packed.map(({ parameter }) => parameter)))
  builder.output('updateNorm', squares(changes))
  const decay = settings.emaDecay ?? 0.999
  return {
    program: builder.finish(),
    state,
    extras,
    scalars(step, rates, divisor) {
      const keep = Math.min(decay, (1 + step) / (10 + step))
      const numbers: Record<string, number> = {
        ...optimizer.scalars(step, rates),
        share: 1 / divisor,
        averageKeep: keep,
        averageGain: 1 - keep,
      }
      return Object.fromEntries(
        scalarNames().map((name) => [name, hostScalar(name, numbers[name])]),
      )
    },
  }
}

/** What a state holds before the first step; `parameters` by name, as they are then. */
export function initialState(
  { name, shape, initial, of = [] }: StateInfo,
  parameters: ReadonlyMap<string, Float32Array>,
): Float32Array {
  const data = new Float32Array(elements(shape))
  if (typeof initial === 'number') return data.fill(initial)
  if (initial === 'zeros') return data
  let at = 0
  for (const parameter of of) {
    const values = parameters.get(parameter)
    if (!values) throw new TypeError(`state ${name}: parameter ${parameter} is absent`)
    data.set(values, at)
    at += values.length
  }
  return data
}

/** The blocks with their clipped gradients, and the norm of all gradients before clipping. */
function packedBlocks(
  builder: Builder,
  scope: UpdateScope,
  layouts: readonly BlockLayout[],
  maxGradNorm: number,
): readonly [readonly Block[], Value] {
  const read = (kind: string, layout: BlockLayout) =>
    pack(
      builder,
      layout,
      layout.parameters.map(({ name, shape }) =>
        builder.input(`${kind} ${name}`, 'float32', shape),
      ),
    )
  const sums = layouts.map((layout) => read('gradient', layout))
  const length = builder.op('Sqrt', [
    total(
      builder,
      sums.map((sum) => sumOfSquares(builder, sum)),
    ),
  ])
  const share = scope.scalar('share')
  const norm = mul(builder, length, share)
  const factor =
    maxGradNorm > 0 ? mul(builder, share, clipFactor(builder, norm, maxGradNorm)) : share
  const blocks = layouts.map((layout, index) => ({
    name: layout.name,
    group: layout.group,
    shape: layout.shape,
    parameters: layout.parameters.map(({ name }) => name),
    parameter: read('parameter', layout),
    gradient: mul(builder, sums[index]!, factor),
  }))
  return [blocks, norm]
}

/** `min(1, limit / (norm + 1e-6))`, as PyTorch's `clip_grad_norm_`. */
function clipFactor(builder: Builder, norm: Value, limit: number): Value {
  const divisor = add(builder, norm, scalar(builder, 1e-6))
  const factor = builder.op('Div', [scalar(builder, limit), divisor])
  return builder.op('Min', [factor, scalar(builder, 1)])
}

/**
 * Running averages of the new parameters. A step keeps `min(decay, (1 + n) / (10 + n))` of the
 * average, with `n` the step counted from 1: the first steps count more.
 */
function appendAverages(
  { builder, scalar: fed, state, keep }: UpdateScope,
  parameters: readonly ParameterInfo[],
  results: ReadonlyMap<string, Value>,
): void {
  for (const { name, shape } of parameters) {
    const before = state(`ema ${name}`, { shape, initial: 'parameter', of: [name] })
    keep(
      `ema ${name}`,
      blend(builder, before, fed('averageKeep'), results.get(name)!, fed('averageGain')),
    )
  }
}

/** Keeps the books of what an update declares. */
function createScope(builder: Builder) {
  const scalars = new Map<string, Value>()
  const state: StateInfo[] = []
  const extras: string[] = []
  const scope: UpdateScope = {
    builder,
    scalar(name) {
      const known = scalars.get(name) ?? builder.input(name, 'float32', [])
      scalars.set(name, known)
      return known
    },
    state(name, slot) {
      state.push({ name, ...slot })
      return builder.input(`state ${name}`, 'float32', slot.shape)
    },
    keep(name, value) {
      builder.output(`next state ${name}`, value)
    },
    report(name, value) {
      extras.push(name)
      builder.output(name, value)
    },
  }
  return { scope, state, extras, scalarNames: () => [...scalars.keys()] }
}

function hostScalar(name: string, value: number | undefined): HostTensor {
  if (value === undefined) throw new TypeError(`update: no number for ${name}, expected one`)
  return { data: Float32Array.of(value), shape: [] }
}
