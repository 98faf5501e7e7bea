import { expect, test } from 'vitest'
import {
  bfloat16ToFloat32,
  float32ToBfloat16,
  float32ToFloat16,
} from '../../../engine/formats/half.ts'
import { parseHeader, parseSafetensors, toFloat32 } from '../../../engine/formats/safetensors.ts'
import { blueprintTensors } from '../../../engine/models/blueprint.ts'
import { readCheckpoint } from '../../../engine/models/checkpoint.ts'
import { bytesOf } from '../../../engine/onnx/express.ts'
import { demoFacts } from '../../../engine/training/base/demo-facts.ts'
import { demoPlan } from '../../../engine/training/base/demo-plan.ts'
import { modelFile } from '../../../engine/training/base/model-file.ts'
import {
  firstWeights,
  isTrained,
  partNames,
  partTensors,
  tokenTable,
  wholePart,
} from '../../../engine/training/base/parts.ts'
import { vocabularyOf } from '../../../engine/training/base/vocabulary.ts'

const vocabulary = vocabularyOf(['a red house', 'a blue cat'])
const trained = new Map([['conv_in.bias', new Float32Array(32).fill(0.7)]])
const whole = new Map(
  partNames.flatMap((part) => [
    ...wholePart(demoPlan, part, part === 'denoiser' ? trained : new Map(), {
      seed: 3,
      vocabulary,
    }),
  ]),
)
const bytes = modelFile(demoPlan, whole, demoFacts)
const { tensors, metadata } = parseSafetensors('new.safetensors', bytes)

test('the three parts together are all tensors of a checkpoint, each once', () => {
  const names = partNames.flatMap((part) => partTensors(demoPlan, part).map(({ name }) => name))
  const all = blueprintTensors(demoPlan.blueprint)
  expect(names.sort()).toEqual(all.map(({ name }) => name).sort())
})

test('a file of a new model holds every tensor under its name in SD 1.x, in float16', () => {
  const all = blueprintTensors(demoPlan.blueprint)
  expect([...tensors.keys()].sort()).toEqual(all.map(({ stored }) => stored).sort())
  for (const { name, stored, shape } of all) {
    const tensor = tensors.get(stored)!
    expect(tensor).toMatchObject({ dtype: 'F16', shape })
    const rounded = new Float32Array(float32ToFloat16(whole.get(name)!))
    expect(Buffer.compare(bytesOf(toFloat32(tensor)), bytesOf(rounded)), name).toBe(0)
  }
})

test('a file of a new model is recognised as a checkpoint, with its head and group counts', () => {
  const header = parseHeader('new.safetensors', bytes.length, bytes)
  const opened = { path: '/new.safetensors', name: 'new.safetensors', header }
  const source = { name: 'new.safetensors', fingerprint: '1', layout: 'single' as const }
  const { unet: u, vae: v } = demoPlan.blueprint
  const [unetChannels, vaeChannels] = [u.channels, v.channels]
  const { family, unet, textEncoder, vae } = readCheckpoint({ ...source, files: [opened] })
  expect(family.id).toBe('sd15')
  expect(unet!.config).toMatchObject({ channels: unetChannels, normGroups: 8 })
  expect(textEncoder!.config).toMatchObject({ width: 48, heads: 12, vocabulary: 49408 })
  expect(vae!.config).toMatchObject({ channels: vaeChannels, normGroups: 8 })
  expect(metadata).toMatchObject({
    'modelspec.title': 'mazeru demo',
    'modelspec.architecture': 'stable-diffusion-v1',
    'modelspec.license': 'CC0-1.0',
    'modelspec.prediction_type': 'epsilon',
  })
})

test('weights that were trained stand in the file, others as they begin', () => {
  expect(whole.get('conv_in.bias')).toEqual(trained.get('conv_in.bias'))
  const begun = firstWeights(demoPlan, partTensors(demoPlan, 'decoder'), 3)
  expect(whole.get('decoder.conv_in.weight')).toEqual(begun.get('decoder.conv_in.weight'))
})

test('a word that no caption had has the row of unknown words', () => {
  const table = whole.get(tokenTable)!
  const row = (id: number) => [...table.subarray(48 * id, 48 * (id + 1))]
  const unknown = [1000, 2000, 30_000].filter((id) => !vocabulary.ids.includes(id))
  expect(unknown.map(row)).toEqual(unknown.map(() => row(unknown[0]!)))
  expect(row(vocabulary.ids[0]!)).not.toEqual(row(unknown[0]!))
})

test('what is left out while training adds nothing, and is not trained', () => {
  const zero = (name: string) => whole.get(name)!.every((value) => value === 0)
  for (const name of demoPlan.silentAttention) {
    expect(zero(`${name}.to_out.0.weight`) && zero(`${name}.to_out.0.bias`)).toBe(true)
    expect(zero(`${name}.to_q.weight`)).toBe(false)
    expect(isTrained(demoPlan, `${name}.to_q.weight`)).toBe(false)
  }
  for (const name of demoPlan.lateResnets) expect(zero(`${name}.conv2.weight`)).toBe(true)
  expect(isTrained(demoPlan, 'encoder.down_blocks.0.resnets.0.conv1.weight')).toBe(false)
  expect(isTrained(demoPlan, 'decoder.up_blocks.3.resnets.2.conv1.weight')).toBe(true)
})

test('the convolutions beside the latent scale it and give no variance', () => {
  const scale = 0.18215
  const diagonal = whole.get('quant_conv.weight')!
  expect([0, 1, 8, 9, 27].map((i) => diagonal[i])).toEqual(
    [1 / scale, 0, 0, 1 / scale, 1 / scale].map(Math.fround),
  )
  expect(diagonal.subarray(32).every((value) => value === 0)).toBe(true)
  expect([...whole.get('quant_conv.bias')!]).toEqual([0, 0, 0, 0, -10, -10, -10, -10])
  expect([...whole.get('post_quant_conv.weight')!.subarray(0, 6)]).toEqual(
    [scale, 0, 0, 0, 0, scale].map(Math.fround),
  )
})

test('rounded weights are those of bfloat16, and hardly differ from exact ones', () => {
  const rounded = modelFile(demoPlan, whole, { ...demoFacts, rounded: true })
  for (const [name, tensor] of parseSafetensors('rounded.safetensors', rounded).tensors) {
    const kept = toFloat32(tensor)
    const exact = toFloat32(tensors.get(name)!)
    const again = float32ToFloat16(bfloat16ToFloat32(float32ToBfloat16(kept)))
    expect(Buffer.compare(bytesOf(again), bytesOf(float32ToFloat16(kept))), name).toBe(0)
    // Half a unit of 8 bits, half a unit of the 11 bits of float16, and its smallest number.
    const worst = (value: number) => Math.abs(value) * (2 ** -8 + 2 ** -10) + 2 ** -24
    const far = kept.findIndex((value, i) => Math.abs(value - exact[i]!) > worst(exact[i]!))
    expect(far, name).toBe(-1)
  }
})

test('the demo model takes at most 16 MiB', () => {
  expect(bytes.length).toBeLessThanOrEqual(2 ** 24)
})

test('a tensor that is absent, of another size or beyond float16 is named', () => {
  const without = new Map(whole)
  without.delete('conv_in.weight')
  const make = (weights: Map<string, Float32Array>) => () => modelFile(demoPlan, weights, demoFacts)
  expect(make(without)).toThrow('new model: conv_in.weight is absent, 1152 numbers expected')
  const short = new Map(whole).set('conv_in.weight', new Float32Array(3))
  expect(make(short)).toThrow('new model: conv_in.weight is 3 numbers, 1152 numbers expected')
  const large = new Map(whole).set('conv_in.bias', new Float32Array(32).fill(70_000))
  expect(make(large)).toThrow('new model: conv_in.bias holds 70000, at most 65504 expected')
})
