import { z } from 'zod'
import { WorkflowError } from '../../errors.ts'
import type { RunFolder } from '../../files/run-folder.ts'
import type { Lora } from '../../lora/load.ts'
import type { ReadWeight } from '../../models/weights.ts'
import { initialLora, trainableOf } from '../initial-lora.ts'
import type { TrainingResult } from '../result.ts'
import type { NetworkSettings } from '../settings/network.ts'
import { type Rule, rulesCheck } from '../settings/rule.ts'
import { foldVariants, type SweepRow, type SweepVariant, sweep, sweepTable } from '../sweep.ts'
import { keptInputs } from './batch-makers.ts'
import {
  type TrainNodeInputs,
  type TrainNodeWorld,
  trainInFolder,
  trainSettingsOf,
} from './train-node.ts'
import { trainParams } from './train-params.ts'

const kinds = ['rank', 'rate', 'fold'] as const

interface VariedSettings {
  readonly vary: (typeof kinds)[number]
  readonly values: readonly number[]
}

const sweepRules: readonly Rule<VariedSettings>[] = [
  {
    setting: 'values',
    broken: ({ vary, values }) => vary === 'rank' && !values.every(Number.isInteger),
    expected: 'expected whole numbers, the ranks',
  },
  {
    setting: 'values',
    broken: ({ vary, values }) => vary === 'fold' && values.length !== 1,
    expected: 'expected one number with vary fold, that of the folds',
  },
]

/** Params of the node that compares trainings: those of one training, and what is varied. */
export const sweepParams = trainParams
  .safeExtend({
    vary: z.enum(kinds).default('rank').describe('what the trainings differ in'),
    values: z
      .array(z.number().gt(0))
      .min(1)
      .max(64)
      .default([4, 8, 16])
      .describe('ranks or learning rates; for fold, their number alone'),
  })
  .superRefine(rulesCheck<VariedSettings>(sweepRules))

export type SweepParams = z.output<typeof sweepParams>

/** What a sweep reaches besides the world of one training. */
export interface SweepWorld extends Omit<TrainNodeWorld, 'folder' | 'kept'> {
  /** Opens the folder of a run by its name. */
  openFolder(name: string): Promise<RunFolder>
  readonly readWeight: ReadWeight
}

/**
 * Runs the node `sweep`: one training after another. What looks the same every time is encoded once
 * for all of them.
 */
export async function runSweepNode(
  inputs: TrainNodeInputs,
  params: SweepParams,
  world: SweepWorld,
): Promise<{ lora: Lora; training: TrainingResult; table: string; rows: readonly SweepRow[] }> {
  const { vary: _vary, values: _values, ...own } = params
  const base = trainSettingsOf(inputs, own)
  const all = { ...base, cacheLatents: true, cacheTextEncoderOutputs: true }
  const kept = keptInputs(all, world.store)
  const variants = await variantsOf(inputs, params, world.readWeight)
  const found = await sweep(variants, async ({ label, inputs: varied, learningRate }) => {
    const outputName = `${base.outputName}-${label}`
    const rate = learningRate && { learningRate, unetLr: undefined, textEncoderLr: undefined }
    const network = trainableOf(varied.lora)?.settings
    const settings = { ...base, ...network, ...rate, outputName }
    const folder = await world.openFolder(outputName)
    try {
      return await trainInFolder(varied, { settings, params: own }, { ...world, folder, kept })
    } finally {
      await folder.close()
    }
  })
  const { lora, result: training } = found.best
  return { lora, training, table: sweepTable(found), rows: found.rows }
}

async function variantsOf(
  inputs: TrainNodeInputs,
  { vary, values, seed }: SweepParams,
  readWeight: ReadWeight,
): Promise<SweepVariant[]> {
  if (vary === 'fold') return foldVariants(inputs, { folds: values[0] ?? 0, seed })
  if (vary === 'rate') {
    return values.map((rate) => ({ label: `rate-${rate}`, inputs, learningRate: rate }))
  }
  const info = trainableOf(inputs.lora)
  if (!info || inputs.lora.name !== 'lora-init') {
    throw new WorkflowError(
      `sweep: ${inputs.lora.name} has its ranks, a LoRA of lora-init expected`,
    )
  }
  const { model, textEncoder } = inputs
  return Promise.all(
    values.map(async (rank) => {
      const settings = atRank(info.settings, rank)
      const request = { model, textEncoder, settings, seed: info.seed, readWeight }
      return { label: `rank-${rank}`, inputs: { ...inputs, lora: await initialLora(request) } }
    }),
  )
}

/**
 * The same layers at another rank. All ranks and alphas keep their share of it: a block that is
 * left alone stays so, and the rates suit all ranks alike.
 */
export function atRank(settings: NetworkSettings, rank: number): NetworkSettings {
  const scale = rank / settings.networkDim
  const dim = (value: number) => (value === 0 ? 0 : Math.max(1, Math.round(value * scale)))
  const alpha = (value: number) => value * scale
  const { convDim, blockDims, blockAlphas, convBlockDims, convBlockAlphas } = settings
  return {
    ...settings,
    networkDim: rank,
    networkAlpha: alpha(settings.networkAlpha),
    convAlpha: alpha(settings.convAlpha),
    ...(convDim !== undefined && { convDim: dim(convDim) }),
    ...(blockDims && { blockDims: blockDims.map(dim) }),
    ...(blockAlphas && { blockAlphas: blockAlphas.map(alpha) }),
    ...(convBlockDims && { convBlockDims: convBlockDims.map(dim) }),
    ...(convBlockAlphas && { convBlockAlphas: convBlockAlphas.map(alpha) }),
  }
}
