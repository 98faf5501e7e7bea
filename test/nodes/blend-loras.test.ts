import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseSafetensors } from '../../engine/formats/safetensors.ts'
import { readLora } from '../../engine/lora/load.ts'
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

async function warningsOf(name: string, ratios: { ratio: number; textRatio?: number }) {
  const file = join(goldenRoot, 'models', 'lora', 'files', `${name}.safetensors`)
  const lora = readLora(name, parseSafetensors(name, readFileSync(file)), { key: name })
  const warnings: string[] = []
  const inputs = {
    model: modelOf(checkpoint),
    textEncoder: textEncoderOf(checkpoint),
    items: [{ lora, ...ratios }],
  }
  const context = { warn: (warning: string) => warnings.push(warning) }
  await blendLoras.run(inputs, {}, context as unknown as Parameters<typeof blendLoras.run>[2])
  return warnings
}
