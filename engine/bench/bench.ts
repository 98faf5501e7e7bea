import { join } from 'node:path'
import { readSource } from '../files/source.ts'
import { parseSafetensors } from '../formats/safetensors.ts'
import { readLora } from '../lora/load.ts'
import type { AppliedLora } from '../lora/mix.ts'
import { type Checkpoint, readCheckpoint } from '../models/checkpoint.ts'
import type { Model } from '../models/handles.ts'
import type { RandomPreset, randomPresets } from '../models/random-checkpoint.ts'
import { attentionLayers, randomLora } from '../models/random-lora.ts'
import type { NumericTensor } from '../sockets.ts'
import type { FigureName, Measured } from './figures.ts'

/** Where text goes, and what time it is. */
export interface BenchIo {
  print(text: string): void
  /** Milliseconds, never going back. */
  clock(): number
}

/** What all measurements share. */
export interface Bench {
  readonly io: BenchIo
  /** A folder of models with `checkpoints/bench.safetensors`; outputs go below it too. */
  readonly folder: string
  readonly size: keyof typeof randomPresets
  /** The checkpoint: one of SD 1.x. */
  readonly file: string
  readonly rounds: number
  /** A command that prints the milliseconds of another program's step. */
  readonly versus?: string
}

/** One run that gives some of the figures. */
export interface Measurement {
  readonly gives: readonly FigureName[]
  /** Whether it opens the checkpoint of the bench. */
  readonly opensCheckpoint: boolean
  measure(bench: Bench): Promise<Partial<Record<FigureName, Measured>>>
}

/** The checkpoint's networks. */
export async function openCheckpoint(file: string): Promise<Checkpoint> {
  return readCheckpoint(await readSource(file, 'bench'))
}

/** The U-Net's handle with LoRAs. */
export function modelOf({ family, prediction, unet }: Checkpoint, loras: AppliedLora[]): Model {
  return { family, prediction, unet: unet!, name: 'bench', loras }
}

/** LoRAs of rank 16 on all attention and feed-forward layers of the U-Net. */
export function benchLoras(preset: RandomPreset, count: number): AppliedLora[] {
  const { unet } = attentionLayers(preset.blueprint)
  return Array.from({ length: count }, (_, index) => {
    const bytes = randomLora({ rank: 16, layers: { unet }, seed: 100 + index })
    const name = `lora ${index}`
    return { lora: readLora(name, parseSafetensors(name, bytes), { key: name }), strength: 0.5 }
  })
}

/** Numbers that look like none in particular, the same each time. */
export function someNumbers(shape: readonly number[]): NumericTensor {
  const count = shape.reduce((product, size) => product * size, 1)
  return { data: Float32Array.from({ length: count }, (_, i) => Math.sin(i * 12.9898)), shape }
}

/** A guided step's encoded prompts: one and its negative. */
export function somePrompts({ unet }: Checkpoint): NumericTensor[] {
  const prompt = someNumbers([1, 77, unet!.config.contextSize])
  return [prompt, { ...prompt, data: prompt.data.toReversed() }]
}

/** Path of the checkpoint in a folder of models. */
export function checkpointPath(folder: string): string {
  return join(folder, 'checkpoints', 'bench.safetensors')
}
