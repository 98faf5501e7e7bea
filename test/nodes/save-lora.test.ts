import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openServices } from '../../engine/context.ts'
import { sha256 } from '../../engine/files/hash-file.ts'
import { decodePicture } from '../../engine/formats/picture.ts'
import { parseSafetensors } from '../../engine/formats/safetensors.ts'
import { type Lora, readLora } from '../../engine/lora/load.ts'
import type { Model } from '../../engine/models/handles.ts'
import type { NodeContext } from '../../engine/workflow/index.ts'
import saveLora from '../../nodes/save-lora.ts'
import { loraBytes, tinyBytes } from '../support/bad-weights.ts'
import { filesBelow } from '../support/studio.ts'
import { smallDisk, temporaryFolder } from '../support/temporary.ts'
import { tinyConfig } from '../support/tiny-workflows.ts'

const samples = { data: new Float32Array(2 * 3 * 64).fill(0.5), shape: [2, 3, 8, 8] }
const chart = { data: new Float32Array(3 * 64).fill(1), shape: [1, 3, 8, 8] }

test('a LoRA is saved with its pictures, its loss chart and a page about it', async () => {
  const { save, output } = await desk()
  const { files } = await save({ samples, chart }, { name: 'styles/ink', title: 'Ink' })
  const names = ['.loss.png', '.md', '.png', '.2.png', '.safetensors']
  expect(filesBelow(output)).toEqual(names.map((end) => `styles/ink_00001_${end}`).sort())
  expect([...files].sort()).toEqual(filesBelow(output).map((name) => join(output, name)))
  const page = readFileSync(join(output, 'styles/ink_00001_.md'), 'utf8')
  for (const name of ['ink_00001_.png', 'ink_00001_.2.png', 'ink_00001_.loss.png']) {
    expect(page).toContain(`](${name})`)
  }
  const picture = readFileSync(join(output, 'styles/ink_00001_.loss.png'))
  expect((await decodePicture('chart', picture)).image.shape).toEqual([1, 3, 8, 8])
})

test('a LoRA of the same name is saved beside the first, which stays as it is', async () => {
  const { save, output } = await desk()
  const first = await save({}, { title: 'first' })
  const before = sha256(readFileSync(first.file))
  const second = await save({}, { title: 'second' })
  expect(second.file).toBe(join(output, 'lora_00002_.safetensors'))
  expect(sha256(readFileSync(first.file))).toBe(before)
})

test('the LoRA goes on as it stands in the file', async () => {
  const { save } = await desk()
  const { lora, file } = await save({}, { precision: 'bf16', triggerWords: ['ink', 'wash'] })
  const read = readLora('file', parseSafetensors('file', readFileSync(file)), { key: 'a' })
  expect(lora.modules.map(({ parts }) => [...parts.values()].map(({ data }) => data))).toEqual(
    read.modules.map(({ parts }) => [...parts.values()].map(({ data }) => data)),
  )
  expect(lora.triggers).toEqual(['ink, wash'])
  expect(lora.key).toBe(sha256(readFileSync(file)))
})

test('what is said of the LoRA is in the file, beside what its training said', async () => {
  const { save } = await desk()
  const lora = { ...golden(), metadata: { ss_steps: '200', 'modelspec.author': 'A' } }
  const said = { licence: 'CC0-1.0', comment: 'a try', tags: ['style', 'ink'] }
  const saved = await save({ lora }, said)
  expect(saved.lora.metadata).toMatchObject({
    ss_steps: '200',
    ss_output_name: 'lora',
    ss_training_comment: 'a try',
    'modelspec.title': 'lora',
    'modelspec.author': 'A',
    'modelspec.license': 'CC0-1.0',
    'modelspec.tags': 'style, ink',
  })
})

test('the model is noted by name and hash, read once and left as it is', async () => {
  const { save, folder } = await desk()
  const path = join(folder, 'models/checkpoints/tiny.safetensors')
  const hash = sha256(readFileSync(path))
  const model = await openModel(folder)
  const first = await save({ model }, {})
  expect(first.lora.metadata).toMatchObject({
    ss_sd_model_name: 'tiny.safetensors',
    ss_new_sd_model_hash: hash,
    ss_sd_model_hash: sha256(readFileSync(path).subarray(2 ** 20, 2 ** 20 + 2 ** 16)).slice(0, 8),
  })
  expect(first.progress).not.toEqual([])
  const second = await save({ model }, {})
  expect(second.lora.metadata.ss_new_sd_model_hash).toBe(hash)
  expect(second.progress).toEqual([])
  expect(sha256(readFileSync(path))).toBe(hash)
  const without = await save({ model }, { hashModel: false })
  expect(without.lora.metadata).not.toHaveProperty('ss_new_sd_model_hash')
  expect(without.lora.metadata.ss_sd_model_name).toBe('tiny.safetensors')
})

test('keys of no known kind are told of and left out', async () => {
  const { save } = await desk()
  const { warnings } = await save({ lora: { ...golden(), unknownKeys: ['a', 'b'] } }, {})
  expect(warnings).toEqual(['kohya_a: 2 keys of no known kind are left out'])
})

test('a saved LoRA is saved again when a file of it is gone', async () => {
  const { save, services } = await desk()
  const outputs = await save({ samples }, {})
  expect(await saveLora.stillValid!({ ...outputs }, services)).toBe(true)
  rmSync(outputs.files.at(-1)!)
  expect(await saveLora.stillValid!({ ...outputs }, services)).toBe(false)
})

test('no name leads out of the output folder', async () => {
  const { save, output } = await desk()
  await expect(save({}, { name: '../outside' })).rejects.toThrow(
    'output: name is "../outside", a path inside the folder expected',
  )
  expect(existsSync(join(output, '..', 'outside_00001_.safetensors'))).toBe(false)
})

test('a full disk leaves no part of a LoRA', async ({ skip }) => {
  const disk = smallDisk(65536)
  if (disk === undefined) return skip('no file system may be mounted here')
  const { save } = await desk(disk)
  await expect(save({}, {})).rejects.toThrow(/bytes do not fit, the disk is full/)
  expect(filesBelow(disk)).toEqual([])
})

function golden(): Lora {
  const file = parseSafetensors('kohya_a', loraBytes('kohya_a.safetensors'))
  return readLora('kohya_a', file, { key: 'kohya_a' })
}

interface Saved {
  lora: Lora
  file: string
  files: string[]
}

/** Folders with the tiny checkpoint, real services, and the node. */
async function desk(output?: string) {
  const folder = temporaryFolder({ 'models/checkpoints/tiny.safetensors': tinyBytes() })
  const folders = { models: [join(folder, 'models')], input: join(folder, 'input') }
  const place = output ?? join(folder, 'output')
  const options = { ...folders, output: place, cacheDir: join(folder, 'cache') }
  const services = await openServices(options)
  onTestFinished(() => services.close())
  const save = async (inputs: object, params: object) => {
    const warnings: string[] = []
    const progress: unknown[] = []
    const context = {
      services,
      signal: new AbortController().signal,
      warn: (message: string) => warnings.push(message),
      progress: (step: unknown) => progress.push(step),
    } as unknown as NodeContext
    const parsed = saveLora.params.parse(params)
    const outputs = await saveLora.run({ lora: golden(), ...inputs }, parsed, context)
    return { ...(outputs as unknown as Saved), warnings, progress }
  }
  return { save, services, folder, output: place }
}

async function openModel(folder: string): Promise<Model> {
  const places = { models: [join(folder, 'models')], input: folder, output: folder }
  const services = await openServices({ ...places, cacheDir: join(folder, 'cache') })
  const { default: loadModel } = await import('../../nodes/load-model.ts')
  const params = { file: 'tiny.safetensors', config: tinyConfig }
  const { model } = await loadModel.run({}, params, { services } as unknown as NodeContext)
  return model as Model
}
