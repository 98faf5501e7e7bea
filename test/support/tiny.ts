import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readWeight } from '../../engine/files/read-weight.ts'
import { headerLength, parseHeader } from '../../engine/formats/safetensors.ts'
import { createLoraFeeder, type LoraFeeder } from '../../engine/inference/lora-feeds.ts'
import {
  type Checkpoint,
  type CheckpointConfig,
  type OpenedFile,
  readCheckpoint,
} from '../../engine/models/checkpoint.ts'
import type { Model, TextEncoder, Vae } from '../../engine/models/handles.ts'
import { cpuDevice } from '../../engine/runtime/device.ts'
import { createSessionPool, type SessionPool } from '../../engine/runtime/session-pool.ts'
import { goldenFiles, goldenRoot } from './golden.ts'

/** A safetensors file with its header read. */
export function openFile(path: string): OpenedFile {
  const bytes = readFileSync(path)
  const length = headerLength(path, bytes.subarray(0, 8), bytes.length)
  const name = path.split('/').at(-1)!
  return { path, name, header: parseHeader(name, bytes.length, bytes.subarray(0, 8 + length)) }
}

/** The golden folder of a tiny model, and what its weights do not tell. */
export interface TinyModel {
  name: string
  folder: string
  config: CheckpointConfig
}

/**
 * The folders of `golden/models` that hold a checkpoint of SD 1.x: those whose U-Net
 * configuration says so. Head and group counts are read from there.
 */
export function tinyModels(): TinyModel[] {
  const folders = [
    ...goldenFiles('models', 'diffusers/unet/config.json').map((path) =>
      path.replace(/\/diffusers\/unet\/config\.json$/, ''),
    ),
    ...goldenFiles('models', 'unet_config.json').map((path) =>
      path.replace(/\/unet_config\.json$/, ''),
    ),
  ]
  return folders.flatMap((folder) => {
    const config = tinyConfig(folder)
    return config ? [{ name: folder.split('/').at(-1)!, folder, config }] : []
  })
}

/** The tiny model of a name that a case gives as its `base`. */
export function tinyModel(name: string): TinyModel | undefined {
  return tinyModels().find((model) => model.name === name)
}

function tinyConfig(folder: string): CheckpointConfig | undefined {
  const unet =
    readJson(join(folder, 'diffusers/unet/config.json')) ??
    readJson(join(folder, 'unet_config.json'))
  const isSd1 = unet && !unet.use_linear_projection && !unet.addition_embed_type
  if (!isSd1) return undefined
  const text = readJson(join(folder, 'diffusers/text_encoder/config.json'))
  const vae = readJson(join(folder, 'diffusers/vae/config.json'))
  return {
    family: 'sd15',
    unet: { heads: Number(unet.attention_head_dim), normGroups: Number(unet.norm_num_groups) },
    ...(text && { textEncoder: { heads: Number(text.num_attention_heads) } }),
    ...(vae && { vae: { normGroups: Number(vae.norm_num_groups) } }),
  }
}

/** The single-file checkpoint in a tiny model's folder: the largest LDM file. */
export function singleFile(tiny: TinyModel): OpenedFile {
  const files = readdirSync(tiny.folder)
    .filter((name) => name.endsWith('.safetensors'))
    .map((name) => openFile(join(tiny.folder, name)))
  const file = files.find(({ header }) =>
    [...header.tensors.keys()].some((name) => name.startsWith('model.diffusion_model.')),
  )
  if (!file) throw new Error(`${tiny.folder} holds no single-file checkpoint`)
  return file
}

/** A checkpoint from files. */
export function checkpointOf(file: OpenedFile, config: CheckpointConfig): Checkpoint {
  return readCheckpoint(
    { name: file.name, fingerprint: file.path, layout: 'single', files: [file] },
    config,
  )
}

/** A session pool and what feeds it, for one test file. */
export interface TestRuntime {
  pool: SessionPool
  feeder: LoraFeeder
}

export function testRuntime(): TestRuntime {
  const pool = createSessionPool(cpuDevice, 1e9)
  return { pool, feeder: createLoraFeeder(pool, readWeight) }
}

/** Handles of a checkpoint that must hold the networks asked for. */
export function modelOf(checkpoint: Checkpoint): Model {
  if (!checkpoint.unet) throw new Error('the checkpoint has no U-Net')
  const { family, prediction, unet } = checkpoint
  return { family, prediction, unet, name: 'tiny', loras: [] }
}

export function textEncoderOf(checkpoint: Checkpoint): TextEncoder {
  if (!checkpoint.textEncoder) throw new Error('the checkpoint has no text encoder')
  const { family, textEncoder } = checkpoint
  return { family, network: textEncoder, loras: [] }
}

export function vaeOf(checkpoint: Checkpoint): Vae {
  if (!checkpoint.vae) throw new Error('the checkpoint has no VAE')
  return { family: checkpoint.family, network: checkpoint.vae }
}

function readJson(path: string): Record<string, unknown> | undefined {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined
}

/** The folder of the golden model that cases of other folders draw on. */
export function goldenModelFolder(name: string): string {
  return join(goldenRoot, 'models', name)
}
