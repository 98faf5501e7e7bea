import { expect, test } from 'vitest'
import {
  type BlueprintTensor,
  blueprintTensors,
  parameterCount,
} from '../../engine/models/blueprint.ts'
import { networkNames } from '../../engine/models/checkpoint.ts'
import { randomPresets } from '../../engine/models/random-checkpoint.ts'
import { singleFile, tinyModels } from '../support/tiny.ts'

/** Tensors of real files that no network reads. */
const unused = /^(alphas_cumprod|betas)$|position_ids$/

test.each(
  tinyModels().filter(({ name }) => name === 'tiny-sd15'),
)('a blueprint names all tensors of the single-file checkpoint $name, with their shapes', (tiny) => {
  const { header } = singleFile(tiny)
  const tensors = blueprintTensors({
    unet: { channels: [16, 32, 32, 32], contextSize: 32 },
    textEncoder: { width: 32, layers: 3 },
    vae: { channels: [16, 16, 32, 32] },
  })
  const found = [...header.tensors.values()]
    .filter(({ name }) => !unused.test(name))
    .map(({ name, shape }) => [name, shape])
  expect(byName(tensors.map(({ stored, shape }) => [stored, shape]))).toEqual(byName(found))
})

test('the full blueprint has as many parameters as Stable Diffusion 1.5', () => {
  const tensors = blueprintTensors(randomPresets.full.blueprint)
  const counts = networkNames.map((network) => parameterCount(tensors, network))
  expect(counts).toEqual([859_520_964, 123_060_480, 83_653_863])
  expect(parameterCount(tensors)).toBe(859_520_964 + 123_060_480 + 83_653_863)
})

test('an inpaint checkpoint differs in the first convolution alone', () => {
  const { full } = randomPresets
  const plain = blueprintTensors(full.blueprint)
  const inpaint = blueprintTensors({
    ...full.blueprint,
    unet: { ...full.blueprint.unet, inChannels: 9 },
  })
  const shapes = new Map(plain.map((tensor) => [tensor.stored, shapeText(tensor)]))
  const changed = inpaint.filter((tensor) => shapes.get(tensor.stored) !== shapeText(tensor))
  expect(changed.map(({ name, shape }) => [name, shape])).toEqual([
    ['conv_in.weight', [320, 9, 3, 3]],
  ])
})

test('no two tensors of a checkpoint share a name', () => {
  const tensors = blueprintTensors(randomPresets.full.blueprint)
  expect(new Set(tensors.map(({ stored }) => stored)).size).toBe(tensors.length)
  expect(new Set(tensors.map(({ network, name }) => `${network} ${name}`)).size).toBe(
    tensors.length,
  )
})

function shapeText({ shape }: BlueprintTensor): string {
  return shape.join(' x ')
}

type Entry = readonly (string | readonly number[])[]

function byName(entries: readonly Entry[]): Entry[] {
  return entries.toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1))
}
