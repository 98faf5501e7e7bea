import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { describe, expect, test } from 'vitest'
import { headerLength, parseSafetensors } from '../../engine/formats/safetensors.ts'
import { type Lora, readLora } from '../../engine/lora/load.ts'
import { loraPrecisions, saveLora } from '../../engine/lora/save.ts'
import { goldenFiles } from '../support/golden.ts'
import { goldenLayers } from './tiny.ts'

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const files = goldenFiles('models/lora/files', '.safetensors').filter((path) => !/ti_/.test(path))
const kohyaFiles = files.filter((path) => !/peft/.test(path))
const adapter = { lora_adapter_metadata: '{"lora_alpha": 2}' }
const layers = { unet: goldenLayers('tiny-sd15', 'unet') }

describe.each(files.map(named))('a saved LoRA: %s', (_, path) => {
  const lora = golden(path)

  test('comes back bit for bit in float32', () => {
    const read = readSaved(saveLora(lora, { precision: 'float', sha256, layers }))
    expect(read.unknownKeys).toEqual([])
    expect(new Set(read.modules.map(placeOf))).toEqual(new Set(lora.modules.map(placeOf)))
    for (const module of lora.modules) {
      const twin = read.modules.find((other) => placeOf(other) === placeOf(module))!
      expect(twin.algorithm).toBe(module.algorithm)
      for (const [part, { data }] of module.parts) {
        const saved = twin.parts.get(part === 'magnitude' ? 'dora_scale' : part)!
        expect(bitsOf(saved.data)).toEqual(bitsOf(data))
      }
    }
  })

  test.each(loraPrecisions)('is the same file again when it is read and saved, in %s', (kind) => {
    const first = saveLora(lora, { precision: kind, sha256 })
    const again = saveLora(readSaved(first), { precision: kind, sha256 })
    expect(sha256(again)).toBe(sha256(first))
  })
})

describe.each(kohyaFiles.map(named))('the names in a saved LoRA: %s', (_, path) => {
  test('and its shapes are those of the file that kohya or LyCORIS wrote', () => {
    const original = shapesOf(readFileSync(path))
    const saved = shapesOf(saveLora(golden(path), { precision: 'fp16', sha256 }))
    const withoutAlpha = [...saved].filter(([name]) => original.has(name) || !/alpha$/.test(name))
    expect(new Map(withoutAlpha)).toEqual(original)
  })
})

test('a LoRA in the names of PEFT is saved in those of kohya, with an alpha for each pair', () => {
  const path = files.find((file) => /peft_d/.test(file))!
  const lora = golden(path, adapter)
  const names = [...shapesOf(saveLora(lora, { precision: 'float', sha256, layers })).keys()]
  expect(
    names.filter((name) => !/^lora_(unet|te)_\w+\.(lora_(down|up)\.weight|alpha)$/.test(name)),
  ).toEqual([])
  expect(names.filter((name) => name.endsWith('.alpha'))).toHaveLength(lora.modules.length)
  const read = readSaved(saveLora(lora, { precision: 'float', sha256, layers }))
  for (const { parts } of read.modules) {
    const [rank = 0] = parts.get('down')!.shape
    expect(parts.get('alpha')!.data[0]! / rank).toBeCloseTo(2 / rank, 7)
  }
})

test('the path of a layer is spelled as kohya spells it where the layers are known', () => {
  const module = moduleOf('input_blocks_1_1_transformer_blocks_0_attn1_to_q', [
    [2, 32],
    [32, 2],
  ])
  const lora = { ...golden(files[0]!), modules: [module] }
  const names = (known: object) => [
    ...shapesOf(saveLora(lora, { precision: 'float', sha256, ...known })).keys(),
  ]
  const path = 'down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q'
  expect(names({ layers })).toContain(`lora_unet_${path}.lora_down.weight`)
  expect(names({})).toContain(`lora_unet_${module.path}.lora_down.weight`)
})

test('a second text encoder gives both a number', () => {
  const shapes = [
    [2, 8],
    [8, 2],
  ] as const
  const first = { ...moduleOf('text_model_a', shapes), network: 'textEncoder' as const }
  const second = { ...moduleOf('text_model_a', shapes), network: 'textEncoder2' as const }
  const lora = { ...golden(files[0]!), modules: [first, second] }
  const names = [...shapesOf(saveLora(lora, { precision: 'float', sha256 })).keys()]
  expect(names.map((name) => name.split('_text')[0])).toEqual([
    ...['lora_te1', 'lora_te1', 'lora_te1', 'lora_te2', 'lora_te2', 'lora_te2'],
  ])
})

describe('the metadata of a saved LoRA', () => {
  const path = kohyaFiles.find((file) => /kohya_a/.test(file))!

  test('has at least what kohya calls the minimum, worked out from the tensors', () => {
    const { metadata } = readSaved(saveLora(golden(path), { precision: 'fp16', sha256 }))
    expect(metadata).toMatchObject({
      ss_v2: 'False',
      ss_base_model_version: 'sd_v1',
      ss_network_module: 'networks.lora',
      ss_network_dim: expect.stringMatching(/^\d+$/),
      ss_network_alpha: expect.stringMatching(/^\d+\.\d+$/),
      ss_network_args: '{}',
    })
  })

  test.each([
    ['loha.', '"algo": "loha"'],
    ['lokr.', '"algo": "lokr"'],
    ['dora_out.', '"dora_wd": "True"'],
    ['ia3.', '"algo": "ia3"'],
    ['locon_b.', '"conv_dim": "'],
  ])('says of %s that it is %s', (file, text) => {
    const lora = golden(files.find((name) => name.includes(`/${file}`))!)
    const { metadata } = readSaved(saveLora(lora, { precision: 'fp16', sha256 }))
    expect(metadata.ss_network_args).toContain(text)
  })

  test('names the tensors by their hash, whatever else it says', () => {
    const bytes = saveLora(golden(path), { precision: 'fp16', sha256 })
    const start = 8 + headerLength('file', bytes.subarray(0, 8), bytes.length)
    const hash = sha256(bytes.subarray(start))
    const titled = { precision: 'fp16' as const, sha256, metadata: { 'modelspec.title': 'a' } }
    for (const saved of [bytes, saveLora(golden(path), titled)]) {
      expect(readSaved(saved).metadata).toMatchObject({
        sshs_model_hash: hash,
        'modelspec.hash_sha256': `0x${hash}`,
      })
    }
  })

  test('has the older hash of 64 KiB after the first MiB, which a small file does not reach', () => {
    const small = readSaved(saveLora(golden(path), { precision: 'fp16', sha256 }))
    expect(small.metadata.sshs_legacy_hash).toBe(sha256(new Uint8Array()).slice(0, 8))
    const module = moduleOf('large', [
      [4, 70_000],
      [70_000, 4],
    ])
    module.parts.get('down')!.data.forEach((_, i, data) => {
      data[i] = Math.sin(i)
    })
    const lora = { ...golden(path), modules: [module] }
    const metadata = { ss_training_comment: 'counts', 'modelspec.title': 'does not' }
    const large = saveLora(lora, { precision: 'float', sha256, metadata })
    // The header of a file that says nothing but what training says: the alpha comes first.
    const least =
      '{"__metadata__":{"ss_base_model_version":"sd_v1","ss_v2":"False",' +
      '"ss_network_module":"networks.lora","ss_network_dim":"4","ss_network_alpha":"4.0",' +
      '"ss_network_args":"{}","ss_training_comment":"counts"},' +
      '"lora_unet_large.alpha":{"dtype":"F32","shape":[],"data_offsets":[0,4]},' +
      '"lora_unet_large.lora_down.weight":{"dtype":"F32","shape":[4,70000],"data_offsets":[4,1120004]},' +
      '"lora_unet_large.lora_up.weight":{"dtype":"F32","shape":[70000,4],"data_offsets":[1120004,2240004]}}'
    const begin = 2 ** 20 - 8 - Math.ceil(least.length / 8) * 8
    const start = 8 + headerLength('file', large.subarray(0, 8), large.length)
    const looked = large.subarray(start + begin, start + begin + 2 ** 16)
    expect(readSaved(large).metadata.sshs_legacy_hash).toBe(sha256(looked).slice(0, 8))
  })

  test('does not keep the scales of PEFT, which are in the tensors now', () => {
    const lora = golden(files.find((file) => /peft_d/.test(file))!, adapter)
    const { metadata } = lora
    expect(
      readSaved(saveLora(lora, { precision: 'float', sha256, metadata })).metadata,
    ).not.toHaveProperty('lora_adapter_metadata')
  })
})

describe('a LoRA that cannot be saved', () => {
  const lora = golden(files[0]!)

  test('has a number beyond the format', () => {
    const module = moduleOf('a', [
      [1, 2],
      [2, 1],
    ])
    module.parts.get('up')!.data[1] = 70_000
    const save = (precision: 'fp16' | 'bf16') =>
      saveLora({ ...lora, modules: [module] }, { precision, sha256 })
    expect(() => save('fp16')).toThrow(
      'lora_unet_a.lora_up.weight: 70000 at index 1, at most 65504 fits into fp16; save as bf16 or float',
    )
    expect(save('bf16')).toBeInstanceOf(Uint8Array)
  })

  test('has a number that is none', () => {
    const module = moduleOf('a', [
      [1, 2],
      [2, 1],
    ])
    module.parts.get('down')!.data[0] = Number.NaN
    expect(() => saveLora({ ...lora, modules: [module] }, { precision: 'float', sha256 })).toThrow(
      'lora_unet_a.lora_down.weight: NaN at index 0, only finite numbers expected; the run has diverged',
    )
  })

  test('changes no layer', () => {
    expect(() => saveLora({ ...lora, modules: [] }, { precision: 'float', sha256 })).toThrow(
      `${lora.name}: no modules, a LoRA that changes a layer expected`,
    )
  })
})

test('an alpha that the format would round stays in float32', () => {
  const module = moduleOf('a', [
    [2, 2],
    [2, 2],
  ])
  const parts = new Map(module.parts)
  parts.set('alpha', { name: 'alpha', shape: [], data: Float32Array.of(0.1) })
  const lora = { ...golden(files[0]!), modules: [{ ...module, parts }] }
  const [saved] = readSaved(saveLora(lora, { precision: 'fp16', sha256 })).modules
  expect(saved!.parts.get('alpha')!.data[0]).toBe(Math.fround(0.1))
})

function named(path: string): [name: string, path: string] {
  return [basename(path, '.safetensors'), path]
}

function bitsOf(values: Float32Array): Uint32Array {
  return new Uint32Array(Float32Array.from(values).buffer)
}

function golden(path: string, metadata: Record<string, string> = {}): Lora {
  const file = parseSafetensors(path, readFileSync(path))
  return readLora(basename(path), { ...file, metadata }, { key: path })
}

function readSaved(bytes: Uint8Array): Lora {
  return readLora('saved.safetensors', parseSafetensors('saved', bytes), { key: 'saved' })
}

function shapesOf(bytes: Uint8Array): Map<string, readonly number[]> {
  const { tensors } = parseSafetensors('file', bytes)
  return new Map([...tensors].map(([name, { shape }]) => [name, shape]))
}

function placeOf({ network, path, target }: Lora['modules'][number]): string {
  return `${network} ${path} ${target}`
}

function moduleOf(path: string, [down, up]: readonly [readonly number[], readonly number[]]) {
  const zeros = (shape: readonly number[]) => ({
    name: path,
    shape,
    data: new Float32Array(shape.reduce((product, size) => product * size, 1)),
  })
  return {
    network: 'unet' as const,
    target: 'weight' as const,
    path,
    algorithm: 'lora' as const,
    parts: new Map([
      ['down', zeros(down)],
      ['up', zeros(up)],
    ]) as Map<'down' | 'up' | 'alpha', ReturnType<typeof zeros>>,
    scaleFor: () => undefined,
  }
}
