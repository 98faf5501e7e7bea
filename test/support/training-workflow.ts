import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RunEvent } from '../../engine/workflow/index.ts'
import { eventsOf, type Studio } from './studio.ts'
import { temporaryFolder } from './temporary.ts'
import { rampPicture } from './tiny-pictures.ts'
import { loadModel } from './tiny-workflows.ts'

/** Workflows that train the tiny checkpoint on the pictures of `input/fox`. */

/** The networks of the tiny checkpoint, as links. */
export const networks = {
  model: 'checkpoint.model',
  textEncoder: 'checkpoint.textEncoder',
  vae: 'checkpoint.vae',
}

/** The last block alone, so that its program is small. */
const blockDims = [...new Array<number>(24).fill(0), 2]

/** All nodes before the one that trains. */
export const trainingNodes = {
  checkpoint: loadModel(),
  pictures: { type: 'dataset', params: { folder: 'fox', resolution: 64, enableBucket: false } },
  begin: {
    type: 'lora-init',
    params: { networkTrainUnetOnly: true, blockDims },
    inputs: { model: 'checkpoint.model' },
  },
  optimizer: { type: 'optimizer', params: { learningRate: 0.01, lrScheduler: 'cosine' } },
}

/** What is linked to a node that trains. */
export const trainingFeeds = {
  ...networks,
  dataset: 'pictures.dataset',
  lora: 'begin.lora',
  optimizer: 'optimizer.optimizer',
}

/** The node `train`: four steps and a state every second one. */
export function trainNode(params: object = {}) {
  return {
    type: 'train',
    params: { outputName: 'fox', maxTrainSteps: 4, stateEveryNSteps: 2, ...params },
    inputs: trainingFeeds,
  }
}

/** A workflow of these nodes with one that trains; `changes` replaces others. */
export function trainingWorkflow(params: object = {}, changes: object = {}) {
  return {
    version: 1,
    outputs: { training: 'train.training' },
    nodes: { ...trainingNodes, ...changes, train: trainNode(params) },
  }
}

/** A folder to run in, with so many captioned pictures in `input/fox`. */
export async function deskWithPictures(count: number): Promise<string> {
  const desk = temporaryFolder()
  mkdirSync(join(desk, 'input', 'fox'), { recursive: true })
  for (let picture = 0; picture < count; picture++) {
    const path = join(desk, 'input', 'fox', `${picture}`)
    writeFileSync(`${path}.png`, await rampPicture(64 + picture, 64))
    writeFileSync(`${path}.txt`, `a fox, number ${picture}`)
  }
  return desk
}

/** Runs a workflow to its end. */
export async function runOn(studio: Studio, desk: string, workflow: object) {
  const started = await studio.start(desk, workflow)
  const events = await eventsOf(started)
  return { events, result: await started.run.result }
}

/** The message of the first node that failed. */
export function failureOf(events: readonly RunEvent[]): string | undefined {
  return events.find((event) => event.type === 'failed')?.error.message
}

/** The values of all metrics of a name. */
export function metrics(events: readonly RunEvent[], name: string) {
  return events.flatMap((event) => {
    return event.type === 'metric' && event.name === name ? [event.values] : []
  })
}
