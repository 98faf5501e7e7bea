import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseSafetensors } from '../../engine/formats/safetensors.ts'
import { readLora } from '../../engine/lora/load.ts'
import type { Model, TextEncoder } from '../../engine/models/handles.ts'
import type { NodeContext } from '../../engine/workflow/index.ts'
import { parseParam } from '../../engine/workflow/params.ts'
import { shapeOf } from '../../engine/workflow/shape.ts'
import blendLoras from '../../nodes/blend-loras.ts'
import { goldenRoot } from '../support/golden.ts'
import { checkpointOf, modelOf, singleFile, textEncoderOf, tinyModel } from '../support/tiny.ts'

const tiny = tinyModel('tiny-sd15')!
const checkpoint = checkpointOf(singleFile(tiny), tiny.config)

test('a LoRA that is baked is told, unless its ratio is 0', async () => {
  const warning = /^dora_in: DoRA changes the weights themselves: \d+ layers are baked, /
  expect(await warningsOf('dora_in', { ratio: 0.5 })).toEqual([expect.stringMatching(warning)])
  expect(await warningsOf('dora_in', { ratio: 0 })).toEqual([])
  // This file has nothing for the text encoder.
  expect(await warningsOf('dora_in', { ratio: 0, textRatio: 1 })).toEqual([])
})

test('a LoRA that stays live is not worth a word', async () => {
  expect(await warningsOf('kohya_a', { ratio: 1 })).toEqual([])
})

test('block weights go with the LoRA into both networks', async () => {
  const blocks = Array.from({ length: 17 }, (_, index) => index / 16)
  const { model, textEncoder } = await blended('kohya_a', { ratio: 0.5, textRatio: 2, blocks })
  expect(model.loras).toMatchObject([{ strength: 0.5, blocks }])
  expect(textEncoder!.loras).toMatchObject([{ strength: 2, blocks }])
  const param = shapeOf(blendLoras).repeat!.params.get('blocks')!
  expect(parseParam('blocks1', param, blocks)).toEqual({ value: blocks })
  expect(parseParam('blocks1', param, [1, 2, 3])).toEqual({
    fault: 'blocks1 is a list of 3, expected 12, 17 or 26 numbers',
  })
})

interface Ratios {
  ratio: number
  textRatio?: number
  blocks?: number[]
}

async function warningsOf(name: string, ratios: Ratios) {
  const warnings: string[] = []
  await blended(name, ratios, warnings)
  return warnings
}

async function blended(name: string, ratios: Ratios, warnings: string[] = []) {
  const file = join(goldenRoot, 'models', 'lora', 'files', `${name}.safetensors`)
  const lora = readLora(name, parseSafetensors(name, readFileSync(file)), { key: name })
  const inputs = {
    model: modelOf(checkpoint),
    textEncoder: textEncoderOf(checkpoint),
    items: [{ lora, ...ratios }],
  }
  const context = { warn: (warning: string) => warnings.push(warning) }
  const outputs = blendLoras.run(inputs, {}, context as unknown as NodeContext)
  return (await outputs) as { model: Model; textEncoder?: TextEncoder }
}
