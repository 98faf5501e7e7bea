import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseSafetensors, toInt64 } from '../../engine/formats/safetensors.ts'
import { type Lora, readLora } from '../../engine/lora/load.ts'
import type { StepNetworks } from '../../engine/training/step-program.ts'
import type { TrainBatch } from '../../engine/training/trainer.ts'
import { type GoldenCase, goldenCases, goldenTensors, values } from '../support/golden.ts'
import { checkpointOf, modelOf, singleFile, textEncoderOf, tinyModel } from '../support/tiny.ts'
import { goldenStep, objectiveCase } from './objective-cases.ts'

/** A recorded training of a LoRA, ready to be driven. */
export interface GoldenTraining {
  networks: StepNetworks
  lora: Lora
  loss: ReturnType<typeof objectiveCase>['settings']['lossType']
  /** Micro-batches of one step. */
  portions: number
  /** Batch `portion` of `step`, counted from 0. */
  batch(step: number, portion: number): TrainBatch
}

/** The recorded trainings whose files are here. */
export function goldenTrainings(): GoldenCase[] {
  return goldenCases('models/training').filter(
    ({ folder, settings }) =>
      settings.kind === 'lora-training' &&
      existsSync(join(folder, '..', initOf(settings))) &&
      tinyModel(String(settings.base)),
  )
}

/** Opens a recorded training; its texts are encoded where the text encoder is not trained. */
export function goldenTraining(golden: GoldenCase): GoldenTraining {
  const { folder, settings } = golden
  const wanted = objectiveCase(golden)
  const portions = Number(settings.gradient_accumulation)
  const isText = initOf(settings).includes('_te')
  const texts = goldenTexts(folder)
  return {
    networks: goldenNetworks(String(settings.base), isText),
    lora: initialLora(golden),
    loss: wanted.settings.lossType,
    portions,
    batch(step, portion) {
      const drawn = goldenStep(folder, (step * portions + portion) % 4, wanted)
      const { tokens, context } = texts
      const { sample, target, timesteps, sampleWeight, huberC } = drawn
      return {
        ...{ sample, target, timesteps: [...timesteps] },
        sampleWeight: Float32Array.from(sampleWeight),
        ...(huberC && { huberC: Float32Array.from(huberC) }),
        ...(isText ? { tokens } : { context }),
      }
    },
  }
}

/** The networks of a tiny model; the text encoder where it is trained. */
export function goldenNetworks(base: string, isText = false): StepNetworks {
  const tiny = tinyModel(base)!
  const checkpoint = checkpointOf(singleFile(tiny), tiny.config)
  return {
    unet: modelOf(checkpoint).unet,
    ...(isText && { textEncoder: textEncoderOf(checkpoint).network }),
    clipOutput: { skip: 1, normed: true },
    chunks: 1,
  }
}

function goldenTexts(folder: string) {
  const inputs = goldenTensors(join(folder, '..', 'inputs.safetensors'))
  const { shape } = inputs.get('encoder_hidden_states')!
  const ids = inputs.get('input_ids')!
  const [windows, length] = ids.shape as [number, number]
  const all = [...toInt64(ids)].map(Number)
  return {
    context: { data: values(inputs, 'encoder_hidden_states'), shape },
    tokens: {
      windows: Array.from({ length: windows }, (_, i) => all.slice(i * length, (i + 1) * length)),
    },
  }
}

function initOf(settings: GoldenCase['settings']): string {
  return String(settings.init).split(' ')[0]!
}

function initialLora({ folder, settings }: GoldenCase): Lora {
  const [file, ...changes] = String(settings.init).split(' ') as [string, ...string[]]
  const path = join(folder, '..', file)
  const lora = readLora(file, parseSafetensors(path, readFileSync(path)), { key: path })
  if (changes.length === 0) return lora
  if (changes.join(' ') !== 'with every lora_up.weight set to zero') {
    throw new Error(`golden init ${settings.init} is not known`)
  }
  const modules = lora.modules.map((module) => {
    const up = module.parts.get('up')!
    const zero = { ...up, data: new Float32Array(up.data.length) }
    return { ...module, parts: new Map(module.parts).set('up', zero) }
  })
  return { ...lora, modules }
}
