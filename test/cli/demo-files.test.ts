import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { demoFiles, ensureDemo, ensureDemoFor } from '../../engine/cli/demo-files.ts'
import { packFile } from '../../engine/formats/packed.ts'
import { randomPresets } from '../../engine/models/random-checkpoint.ts'
import { attentionLayers, randomLora } from '../../engine/models/random-lora.ts'

const files = [
  { packed: 'first.safetensors.br', name: 'checkpoints/first.safetensors' },
  { packed: 'second.safetensors.br', name: 'loras/second.safetensors' },
]
const names = files.map(({ name }) => name)
const { unet } = attentionLayers(randomPresets.tiny.blueprint)
const layers = { unet: new Map([...unet].slice(0, 4)) }
const models = new Map([0, 1, 7].map((seed) => [seed, randomLora({ rank: 1, layers, seed })]))

const [first, second, third] = await Promise.all([...models.values()].map(packFile))

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mazeru-demo-'))
  writeFileSync(join(folder, files[0]!.packed), first!)
  writeFileSync(join(folder, files[1]!.packed), second!)
})
afterEach(() => rmSync(folder, { recursive: true }))

/** Which of the models a file is. */
function seedOf(name: string): number | undefined {
  const bytes = readFileSync(join(folder, name))
  return [...models].find(([, model]) => bytes.equals(model))?.[0]
}

test('the models of the demo are unpacked once', async () => {
  expect(await ensureDemo(folder, files)).toEqual(names)
  expect(seedOf(names[0]!)).toBe(0)
  expect(seedOf(names[1]!)).toBe(1)
  const times = names.map((name) => statSync(join(folder, name)).mtimeMs)
  expect(await ensureDemo(folder, files)).toEqual([])
  expect(names.map((name) => statSync(join(folder, name)).mtimeMs)).toEqual(times)
})

test('a model is unpacked again where it is gone, was changed, or comes as another', async () => {
  await ensureDemo(folder, files)
  rmSync(join(folder, names[0]!))
  writeFileSync(join(folder, names[1]!), 'torn')
  expect(await ensureDemo(folder, files)).toEqual(names)
  writeFileSync(join(folder, files[1]!.packed), third!)
  expect(await ensureDemo(folder, files)).toEqual([names[1]])
  expect(seedOf(names[1]!)).toBe(7)
})

test('a workflow unpacks the models that it names and no others', async () => {
  await ensureDemoFor('{"file":"second.safetensors"}', folder, files)
  expect(seedOf(names[1]!)).toBe(1)
  expect(() => seedOf(names[0]!)).toThrow('ENOENT')
})

test('a model that is absent or broken is named', async () => {
  writeFileSync(join(folder, files[0]!.packed), 'no model')
  await expect(ensureDemo(folder, files)).rejects.toThrow(
    /first\.safetensors\.br: cannot be unpacked .*, a file packed by Brotli expected/,
  )
  rmSync(join(folder, files[0]!.packed))
  await expect(ensureDemo(folder, files)).rejects.toThrow(
    'first.safetensors.br: no file, a packed model expected; fetch the sources again',
  )
})

test('a model that was put there by hand stays where none comes packed', async () => {
  rmSync(join(folder, files[0]!.packed))
  mkdirSync(join(folder, 'checkpoints'))
  writeFileSync(join(folder, names[0]!), 'own')
  expect(await ensureDemo(folder, files)).toEqual([names[1]])
  expect(readFileSync(join(folder, names[0]!), 'utf8')).toBe('own')
})

test('the demo has one checkpoint and three LoRAs', () => {
  expect(demoFiles.map(({ name }) => name)).toEqual([
    'checkpoints/demo.safetensors',
    'loras/neon.safetensors',
    'loras/riso.safetensors',
    'loras/mascot.safetensors',
  ])
})
