import { createHash } from 'node:crypto'
import { readDataset } from '../../../engine/dataset/read-dataset.ts'
import { type Dataset, datasetSchema } from '../../../engine/dataset/settings.ts'
import { readWeight } from '../../../engine/files/read-weight.ts'
import { openRunFolder } from '../../../engine/files/run-folder.ts'
import { encodePng } from '../../../engine/formats/picture.ts'
import { initialLora } from '../../../engine/training/initial-lora.ts'
import { noControls } from '../../../engine/training/run/controls.ts'
import type { TrainingEvent } from '../../../engine/training/run/events.ts'
import { type TrainSettings, trainSchema } from '../../../engine/training/settings.ts'
import type {
  TrainLoraInputs,
  TrainLoraSettings,
  TrainLoraWorld,
} from '../../../engine/training/train-lora.ts'
import { memoryFolder } from '../../support/datasets.ts'
import {
  checkpointOf,
  modelOf,
  singleFile,
  type TestRuntime,
  testRuntime,
  textEncoderOf,
  tinyModel,
  vaeOf,
} from '../../support/tiny.ts'

/** A training of the tiny checkpoint on drawn pictures: everything real, everything small. */

const tiny = tinyModel('tiny-sd15')!

/** Pictures of 64 x 64: plain colours with a darker square, and a caption each. */
export async function tinyPictures(count = 5, settings: object = {}): Promise<Dataset> {
  const files: Record<string, Uint8Array | string> = {}
  for (let picture = 0; picture < count; picture++) {
    files[`${picture}.png`] = await encodePng(square(picture))
    files[`${picture}.txt`] = `a square, number ${picture}`
  }
  const parsed = datasetSchema.parse({ resolution: 64, ...settings })
  return readDataset(memoryFolder(files), parsed)
}

function square(picture: number) {
  const side = 64
  const data = new Float32Array(3 * side * side)
  for (let i = 0; i < data.length; i++) {
    const [x, y] = [i % side, Math.floor(i / side) % side]
    const channel = Math.floor(i / side ** 2)
    const inside = x > 8 + picture * 4 && x < 40 && y > 16 && y < 48 - picture * 2
    data[i] = inside ? 0.1 * (channel + 1) : (((picture + 1) * (channel + 2)) % 7) / 7
  }
  return { data, shape: [1, 3, side, side] }
}

/** Settings for a run of some seconds. */
export function tinySettings(changes: object = {}): TrainSettings {
  return trainSchema.parse({
    outputName: 'tiny',
    networkDim: 2,
    // The last block alone: the program of its gradients is loaded in a fraction of the time.
    blockDims: [...new Array<number>(24).fill(0), 2],
    networkTrainUnetOnly: true,
    maxTrainSteps: 6,
    trainBatchSize: 2,
    learningRate: 1e-3,
    cacheLatents: true,
    seed: 7,
    ...changes,
  })
}

/** The networks of the tiny checkpoint, pictures, and a LoRA that begins. */
export async function tinyInputs(
  settings: TrainSettings,
  dataset?: Dataset,
): Promise<TrainLoraInputs> {
  const checkpoint = checkpointOf(singleFile(tiny), tiny.config)
  const [model, textEncoder] = [modelOf(checkpoint), textEncoderOf(checkpoint)]
  const lora = await initialLora({ model, textEncoder, settings, seed: 3, readWeight })
  return {
    model,
    textEncoder,
    vae: vaeOf(checkpoint),
    dataset: dataset ?? (await tinyPictures()),
    lora,
  }
}

/** A run's request with a state every second step. */
export function tinyRequest(settings: TrainSettings): TrainLoraSettings {
  return { settings, posterior: 'sample', states: { stateEveryNSteps: 2, keepStates: 2 } }
}

/** What the run told. */
export interface TinyWorld extends TrainLoraWorld {
  readonly events: TrainingEvent[]
}

/** The real folder, the real runtime, and nobody who interferes. */
export async function tinyWorld(
  output: string,
  runtime: TestRuntime = testRuntime(),
  name = 'tiny',
): Promise<TinyWorld> {
  const events: TrainingEvent[] = []
  return {
    events,
    folder: await openRunFolder(output, name),
    now: () => 0,
    report: (event) => events.push(event),
    controls: async () => noControls,
    services: { runtime: async () => runtime } as unknown as TinyWorld['services'],
    sha256: (bytes) => createHash('sha256').update(bytes).digest('hex'),
    throwIfCancelled: () => undefined,
  }
}
