import { z } from 'zod'
import type { Services } from '../../context.ts'
import { WorkflowError } from '../../errors.ts'
import type { RunFolder } from '../../files/run-folder.ts'
import type { Lora } from '../../lora/load.ts'
import type { Sha256 } from '../../lora/save.ts'
import type { SocketValues } from '../../sockets.ts'
import type { NodeContext } from '../../workflow/index.ts'
import { trainableOf } from '../initial-lora.ts'
import type { TrainingResult } from '../result.ts'
import type { TrainedLora } from '../run.ts'
import { networkShape } from '../settings/network.ts'
import { parseSettings } from '../settings/parse.ts'
import { type TrainSettings, trainSchema } from '../settings.ts'
import { type TrainLoraInputs, type TrainLoraWorld, trainLora } from '../train-lora.ts'
import type { KeptInputs } from './batch-makers.ts'
import { dryRun } from './dry-run.ts'
import { plainEvent, type TrainingEvent } from './events.ts'
import type { BytesStore } from './kept-tensors.ts'
import { defaultOptimizer, type TrainParams } from './train-params.ts'

/** What is linked to a node that trains. */
export interface TrainNodeInputs extends TrainLoraInputs {
  readonly optimizer?: SocketValues['optimizer'] | undefined
}

/** What a node that trains reaches besides its context. */
export interface TrainNodeWorld {
  readonly context: NodeContext<Services, unknown, Pick<TrainParams, ControlName>>
  readonly folder: RunFolder
  readonly store?: BytesStore
  /** Of several runs that share it; a run alone has its own. */
  readonly kept?: KeptInputs
  readonly sha256: Sha256
  /** Of the checkpoint's file, for the metadata. */
  readonly hashes?: TrainLoraWorld['hashes']
  now(): number
  /** Bytes that this process takes. */
  memory(): number
  /** Bytes that it may take in all, where known. */
  readonly availableMemory?: number | undefined
  /** Looks after the device before a step. */
  guard?(report: (event: TrainingEvent) => void): Promise<void>
}

type ControlName = 'stop' | 'saveNow' | 'sampleNow' | 'rateFactor'

/** Runs the node `train`: its params, what is linked to it and the folder make a run. */
export async function runTrainNode(
  inputs: TrainNodeInputs,
  params: TrainParams,
  world: TrainNodeWorld,
): Promise<{ lora: Lora; training: TrainingResult }> {
  const settings = trainSettingsOf(inputs, params)
  const { lora, result } = await trainInFolder(inputs, { settings, params }, world)
  return { lora, training: result }
}

/** One training of a node in its folder: anew, going on, or dry. */
export async function trainInFolder(
  inputs: TrainLoraInputs,
  { settings, params }: { readonly settings: TrainSettings; readonly params: StateParams },
  world: TrainNodeWorld,
): Promise<TrainedLora> {
  const { folder } = world
  const { stateEveryNSteps, keepStates, posterior } = params
  if (params.resume === 'restart') {
    for (const step of await folder.states()) await folder.removeState(step)
  }
  const request = { settings, posterior, states: { stateEveryNSteps, keepStates } }
  const train = params.dryRun ? dryRun : trainLora
  return train(inputs, request, trainWorld(world))
}

type StateParams = Pick<
  TrainParams,
  'stateEveryNSteps' | 'keepStates' | 'posterior' | 'resume' | 'dryRun'
>

/** The world of a run inside a node: events go to the run of the graph. */
function trainWorld({ context, ...world }: TrainNodeWorld): TrainLoraWorld {
  return {
    ...world,
    services: context.services,
    throwIfCancelled: () => context.throwIfCancelled(),
    controls: async () => (await context.latest()).params,
    report(event) {
      context.metric(event.type, plainEvent(event))
      if (event.type === 'step') {
        const { entry, steps } = event
        const note = `loss ${entry.average.toPrecision(4)}`
        context.progress({ step: entry.step, steps, note })
      }
      if (event.type === 'sample') context.preview(event.image)
      if (event.type === 'warning') context.warn(event.message)
      if (event.type === 'smaller-batch') {
        context.warn(
          `memory does not hold ${event.tried} pictures at once: ${event.next} are computed at once and their gradients added`,
        )
      }
    },
  }
}

/**
 * All settings of a training, from the LoRA, the optimizer and the node. Throws a WorkflowError
 * that says everything that is wrong.
 */
export function trainSettingsOf(
  { lora, optimizer, model }: Pick<TrainNodeInputs, 'lora' | 'optimizer' | 'model'>,
  params: Readonly<Record<string, unknown>>,
): TrainSettings {
  if (model.loras.length > 0) {
    throw new WorkflowError(
      `train: ${model.name} has ${model.loras.length} LoRAs applied, a plain model expected; link load-model to it`,
    )
  }
  const network = trainableOf(lora)?.settings ?? z.object(networkShape).parse({})
  const given = { ...network, ...(optimizer ?? defaultOptimizer), ...params }
  const known = Object.keys(trainSchema.shape)
  const own = Object.entries(given).filter(([name]) => known.includes(name))
  const parsed = parseSettings(trainSchema, Object.fromEntries(own))
  if (parsed.settings) return parsed.settings
  throw new WorkflowError(parsed.faults.map(({ message }) => `train: ${message}`).join('\n'))
}
