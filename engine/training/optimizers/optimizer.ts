import type { z } from 'zod'
import type { Builder } from '../../onnx/builder.ts'
import type { Value } from '../../onnx/value.ts'
import type { ParameterGroup } from '../parameter.ts'

/** Rates by group; a group whose rate is 0 stays as it is. */
export type Rates = Readonly<Partial<Record<ParameterGroup, number>>>

/**
 * Parameters of one group that are updated together, so that a program has a few large ops instead
 * of many small ones.
 */
export interface Block {
  /** `unet 0`: the group and a running number. */
  readonly name: string
  readonly group: ParameterGroup
  /** What `parameter`, `gradient` and the new parameter are shaped like. */
  readonly shape: readonly number[]
  /** The names of the parameters, in the order in which they lie in the block. */
  readonly parameters: readonly string[]
  readonly parameter: Value
  /** Mean over the micro-batches, clipped. */
  readonly gradient: Value
}

/**
 * How parameters are put together: `flat` is one after another, for optimizers that treat every
 * element alike; `stacked` puts parameters of one shape along a new first axis.
 */
export type Packing = 'flat' | 'stacked'

/** What an optimizer keeps from step to step. */
export interface StateSlot {
  readonly shape: readonly number[]
  /** `parameter` is what the parameters `of` hold before the first step, one after another. */
  readonly initial: 'zeros' | 'parameter' | number
  readonly of?: readonly string[]
}

/** What an optimizer's update is written with. */
export interface UpdateScope {
  readonly builder: Builder
  /** A number of `scalars`, fed at each step; shape []. */
  scalar(name: string): Value
  /** What was kept under this name by the step before. */
  state(name: string, slot: StateSlot): Value
  /** Keeps a value for the next step, in the shape of its state. */
  keep(name: string, value: Value): void
  /** Gives out a number beside the results; shape []. */
  report(name: string, value: Value): void
}

/** An optimizer with its arguments. */
export interface PreparedOptimizer {
  readonly packing: Packing
  /** Numbers of the step, counted from 1, worked out in float64. */
  scalars(step: number, rates: Rates): Record<string, number>
  /** Appends the update; gives the new parameters, one value a block. */
  update(scope: UpdateScope, blocks: readonly Block[]): readonly Value[]
}

/** One entry of the table of optimizers. */
export interface Optimizer {
  readonly about: string
  /** Its arguments with their defaults; strict. */
  readonly args: z.ZodObject
  /** Reads the arguments; throws a ZodError where they are wrong. */
  prepare(args: unknown): PreparedOptimizer
}

/** An entry of the table, whose parts know the type of the arguments. */
export function defineOptimizer<Shape extends z.ZodRawShape>(
  definition: OptimizerDefinition<Shape>,
): Optimizer {
  const { about, args, packing, scalars, update } = definition
  return {
    about,
    args,
    prepare(given) {
      const settings = args.parse(given)
      return {
        packing,
        scalars: (step, rates) => scalars({ args: settings, step, rates }),
        update: (scope, blocks) => update(scope, blocks, settings),
      }
    },
  }
}

interface OptimizerDefinition<Shape extends z.ZodRawShape> {
  readonly about: string
  readonly args: z.ZodObject<Shape, z.core.$strict>
  readonly packing: Packing
  readonly scalars: (context: {
    readonly args: z.infer<z.ZodObject<Shape, z.core.$strict>>
    readonly step: number
    readonly rates: Rates
  }) => Record<string, number>
  readonly update: (
    scope: UpdateScope,
    blocks: readonly Block[],
    args: z.infer<z.ZodObject<Shape, z.core.$strict>>,
  ) => readonly Value[]
}

/** Numbers that differ from group to group: `NAME GROUP`, as `scalar` is asked for them. */
export function perGroup(
  rates: Rates,
  numbers: (rate: number) => Record<string, number>,
): Record<string, number> {
  return Object.fromEntries(
    Object.entries(rates).flatMap(([group, rate]) =>
      Object.entries(numbers(rate)).map(([name, value]) => [`${name} ${group}`, value]),
    ),
  )
}
