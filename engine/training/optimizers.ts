import { z } from 'zod'
import { closest } from '../closest.ts'
import { FormatError } from '../errors.ts'
import { adafactor } from './optimizers/adafactor.ts'
import { adamW } from './optimizers/adamw.ts'
import { lion } from './optimizers/lion.ts'
import type { Optimizer, PreparedOptimizer } from './optimizers/optimizer.ts'
import { prodigy } from './optimizers/prodigy.ts'
import { sgdNesterov } from './optimizers/sgd-nesterov.ts'
import type { ParameterGroup } from './parameter.ts'
import { type Rule, rulesCheck } from './settings/rule.ts'

/** Every optimizer by kohya's name. */
export const optimizers = {
  AdamW: adamW,
  Lion: lion,
  SGDNesterov: sgdNesterov,
  AdaFactor: adafactor,
  Prodigy: prodigy,
} satisfies Record<string, Optimizer>

export type OptimizerType = keyof typeof optimizers

/** Names of all optimizers. */
export const optimizerTypes = Object.keys(optimizers) as OptimizerType[]

const rate = z.number().min(0).max(1000)

/** Settings of the optimizer, in kohya's names and with kohya's defaults. */
export const optimizerShape = {
  optimizerType: z
    .enum(optimizerTypes, { error: ({ input }) => unknownOptimizer(String(input)) })
    .default('AdamW')
    .describe('how gradients become steps'),
  learningRate: rate.default(2e-6).describe('size of a step; for a LoRA with AdamW about 1e-4'),
  unetLr: rate.optional().describe('rate of the U-Net; absent: learningRate'),
  textEncoderLr: rate.optional().describe('rate of the text encoder; absent: learningRate'),
  maxGradNorm: z
    .number()
    .min(0)
    .default(1)
    .describe('gradients longer than this, all together, are shortened; 0 is off'),
  optimizerArgs: z
    .record(z.string(), z.unknown())
    .default({})
    .describe('arguments of the optimizer; what is left out has its default'),
}

/** Settings of the optimizer alone. */
export type OptimizerSettings = z.infer<z.ZodObject<typeof optimizerShape>>

export const optimizerRules: readonly Rule<OptimizerSettings>[] = [
  {
    setting: 'optimizerArgs',
    broken: (settings) => argumentFaults(settings).length > 0,
    expected: (settings) => argumentFaults(settings).join('; '),
  },
  {
    setting: 'unetLr',
    broken: ({ optimizerType, ...settings }) =>
      optimizerType === 'Prodigy' &&
      new Set(Object.values(groupRates(settings)).filter((value) => value > 0)).size > 1,
    expected:
      'expected one rate for all with optimizerType Prodigy; it works out their size itself',
  },
]

/** The optimizer's settings. An unknown name, also of an argument, is an error. */
export const optimizerSchema = z
  .strictObject(optimizerShape)
  .superRefine(rulesCheck(optimizerRules))

/** The base rate of every group; a schedule's factor multiplies it. */
export function groupRates(
  settings: Pick<OptimizerSettings, 'learningRate' | 'unetLr' | 'textEncoderLr'>,
): Record<ParameterGroup, number> {
  const { learningRate, unetLr = learningRate, textEncoderLr = learningRate } = settings
  return { unet: unetLr, 'text-encoder': textEncoderLr, vae: learningRate }
}

/**
 * The optimizer that a configuration of another tool means: upper and lower case count the same,
 * and nothing is AdamW. Throws a `FormatError` that names the nearest known one.
 */
export function optimizerTypeNamed(name: string): OptimizerType {
  const wanted = name.toLowerCase() || 'adamw'
  const found = optimizerTypes.find((type) => type.toLowerCase() === wanted)
  if (found) return found
  throw new FormatError(unknownOptimizer(name))
}

/** The optimizer with its arguments. Throws a `FormatError` where they are wrong. */
export function preparedOptimizer(
  settings: Pick<OptimizerSettings, 'optimizerType' | 'optimizerArgs'>,
): PreparedOptimizer {
  const faults = argumentFaults(settings)
  if (faults.length > 0) throw new FormatError(faults.join('; '))
  return optimizers[settings.optimizerType].prepare(settings.optimizerArgs)
}

/** Sentences about arguments that the optimizer does not have or cannot use. */
function argumentFaults({
  optimizerType,
  optimizerArgs,
}: Pick<OptimizerSettings, 'optimizerType' | 'optimizerArgs'>): readonly string[] {
  const { args }: Optimizer = optimizers[optimizerType]
  const known = Object.keys(args.shape)
  const issues = args.safeParse(optimizerArgs).error?.issues ?? []
  return issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => unknownName(`argument of ${optimizerType}`, key, known))
      : `${issue.path.join('.')} of ${optimizerType}: ${issue.message}`,
  )
}

/** Names of optimizers that save memory by other means are near to what they compute. */
function unknownOptimizer(name: string): string {
  const plain = name.replace(/^paged|8bit$|32bit$|schedulefree$/gi, '')
  const near = closest(name, optimizerTypes) ?? closest(plain, optimizerTypes)
  return unknownName('optimizer', name, optimizerTypes, near)
}

function unknownName(
  what: string,
  name: string,
  known: readonly string[],
  near = closest(name, known),
): string {
  return `${what}: ${name}, expected ${known.join(', ')}${near ? `; did you mean ${near}` : ''}`
}
