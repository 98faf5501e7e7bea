import { z } from 'zod'
import type { Rule } from './rule.ts'

/** What is computed again on the way back instead of being kept. */
export const checkpointings = ['none', 'attention', 'block'] as const

/** How long, in what portions, and what a run may use. */
export const loopShape = {
  trainBatchSize: z.int().min(1).max(256).default(1).describe('pictures computed at once'),
  maxTrainSteps: z.int().min(1).default(1600).describe('optimizer steps of the run'),
  maxTrainEpochs: z
    .int()
    .min(1)
    .optional()
    .describe('times that every picture is seen; where given, maxTrainSteps is not looked at'),
  gradientAccumulationSteps: z
    .int()
    .min(1)
    .max(1024)
    .default(1)
    .describe('batches whose gradients make one step'),
  gradientCheckpointing: z
    .enum(checkpointings)
    .default('none')
    .describe('compute parts of the network twice and keep less: attention, or whole blocks'),
  seed: z
    .int()
    .min(0)
    .max(0xffff_ffff)
    .default(0)
    .meta({ seed: true })
    .describe('everything random of the run is drawn from it'),
  ema: z.boolean().default(false).describe('keep a running average of the weights too'),
  emaDecay: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.999)
    .describe('share of the average that a step keeps'),
  gpuTemperatureLimit: z
    .number()
    .min(40)
    .max(110)
    .optional()
    .describe('pause above this many °C of the GPU until it has cooled'),
  memoryLimit: z.number().gt(0).optional().describe('GiB that the run may use; less is forecast'),
}

/** Settings of the loop alone. */
export type LoopSettings = z.infer<z.ZodObject<typeof loopShape>>

export const loopRules: readonly Rule<LoopSettings>[] = []

/** Pictures behind one optimizer step. */
export function effectiveBatch(
  settings: Pick<LoopSettings, 'trainBatchSize' | 'gradientAccumulationSteps'>,
): number {
  return settings.trainBatchSize * settings.gradientAccumulationSteps
}
