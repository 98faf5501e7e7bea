import { DeviceError } from '../../errors.ts'
import { parseSafetensors } from '../../formats/safetensors.ts'
import { readLora } from '../../lora/load.ts'
import type { TrainedLora } from '../run.ts'
import {
  loraJob,
  type TrainLoraInputs,
  type TrainLoraSettings,
  type TrainLoraWorld,
  trainLora,
} from '../train-lora.ts'
import { decodeState } from './state.ts'

/** Steps of a dry run. */
const drySteps = 2

/**
 * Tries everything that a run does, in a folder that is not the run's: two steps, the first sample
 * prompt, weights, a state, and both read back. Throws where anything fails.
 */
export async function dryRun(
  inputs: TrainLoraInputs,
  request: TrainLoraSettings,
  world: TrainLoraWorld,
): Promise<TrainedLora> {
  const { settings } = request
  const name = `${settings.outputName}-dry-run`
  const short = {
    ...settings,
    outputName: name,
    maxTrainEpochs: undefined,
    maxTrainSteps: drySteps,
    saveEveryNEpochs: undefined,
    saveEveryNSteps: undefined,
    sampleEveryNEpochs: undefined,
    sampleAtFirst: false,
    samplePrompts: settings.samplePrompts.slice(0, 1),
    sampleEveryNSteps: settings.samplePrompts.length > 0 ? drySteps : undefined,
  }
  const dry = { ...request, settings: short, states: { stateEveryNSteps: drySteps, keepStates: 1 } }
  const trained = await trainLora(inputs, dry, world)
  await checkFiles(inputs, dry, world, trained)
  return trained
}

async function checkFiles(
  inputs: TrainLoraInputs,
  dry: TrainLoraSettings,
  world: TrainLoraWorld,
  { result }: TrainedLora,
): Promise<void> {
  const { folder } = world
  const file = `${dry.settings.outputName}.safetensors`
  const bytes = await folder.read(file)
  if (!bytes) throw new DeviceError(`${folder.path}/${file}: not there after it was saved`)
  readLora(file, parseSafetensors(file, bytes), { key: file })
  const state = decodeState('state of the dry run', await folder.readState(result.step))
  const job = await loraJob(inputs, dry, world)
  const trainer = await job.openTrainer()
  try {
    trainer.restore(state.tensors)
    await trainer.fetch()
    const again = trainer.snapshot()
    const lost = [...state.tensors].find(([name, data]) => !sameBits(again.get(name), data))
    if (lost) throw new DeviceError(`${folder.path}: ${lost[0]} is not what was saved`)
  } finally {
    await trainer.close()
  }
}

function sameBits(a: Float32Array | undefined, b: Float32Array): boolean {
  return a?.length === b.length && a.every((value, index) => Object.is(value, b[index]))
}
