import { expect, test } from 'vitest'
import type { Dtype, SafetensorsTensor } from '../../../engine/formats/safetensors.ts'
import {
  type EncoderKey,
  embeddingTable,
  readEmbedding,
} from '../../../engine/models/prompt/embeddings.ts'
import { encodePlan } from '../../../engine/models/prompt/plan.ts'
import { goldenFiles, goldenTensors } from '../../support/golden.ts'

function tensor(shape: number[], dtype: Dtype = 'F32'): SafetensorsTensor {
  const size = shape.reduce((product, length) => product * length, 1)
  const floats = Float32Array.from({ length: size }, (_, i) => i)
  return { dtype, shape, bytes: new Uint8Array(floats.buffer) }
}

function read(tensors: Record<string, SafetensorsTensor>, encoder?: EncoderKey) {
  return readEmbedding('style.safetensors', new Map(Object.entries(tensors)), encoder)
}

const table = embeddingTable(
  new Map([
    ['one', read({ emb_params: tensor([1, 4]) })],
    ['two words', read({ emb_params: tensor([2, 4]) })],
    ['huge', read({ emb_params: tensor([80, 4]) })],
  ]),
)

test.each([
  ['emb_params', { emb_params: tensor([3, 4]) }, 3, 4],
  ['the only tensor', { '<word>': tensor([2, 8]) }, 2, 8],
  ['one vector without its axis', { '<word>': tensor([8]) }, 1, 8],
  ['the encoder by name', { clip_g: tensor([2, 16]), clip_l: tensor([2, 8]) }, 2, 8],
] as const)('an embedding is read from %s', (_, tensors, count, features) => {
  const embedding = read(tensors)
  expect(embedding).toMatchObject({ count, features })
  expect([...embedding.vectors.slice(0, 3)]).toEqual([0, 1, 2])
})

test('the second encoder of SDXL has its own vectors', () => {
  const tensors = { clip_g: tensor([2, 16]), clip_l: tensor([2, 8]) }
  expect(read(tensors, 'clip_g').features).toBe(16)
})

test.each(goldenFiles('models/lora/files', 'ti_sd15.safetensors'))('%s is read', (file) => {
  expect(readEmbedding(file, goldenTensors(file)).count).toBeGreaterThan(0)
})

test.each([
  ['unknown tensors', { a: tensor([1]), b: tensor([1]) }, 'has a, b, "clip_l" or "emb_params"'],
  ['no tensors', {}, 'has no tensors, "clip_l"'],
  ['three axes', { a: tensor([1, 2, 3]) }, 'is F32 [1, 2, 3], an embedding of floats'],
  ['no vectors', { a: tensor([0, 3]) }, 'is F32 [0, 3], an embedding of floats'],
  ['whole numbers', { a: tensor([1, 3], 'I32') }, 'is I32 [1, 3], an embedding of floats'],
])('a file with %s is refused', (_, tensors, message) => {
  expect(() => read(tensors as Record<string, SafetensorsTensor>)).toThrow(
    `style.safetensors: ${message}`,
  )
})

test('rows get ids from 49408 on, and the same embedding the same ids', () => {
  const plan = encodePlan('embedding:one x embedding:huge embedding:one', {
    style: 'comfy',
    pad: 'eos',
    embeddings: table,
  })
  expect(plan.vectors.length).toBe(81)
  expect(plan.labels[1]).toBe('huge#0')
  expect([...(plan.vectors[2] ?? [])]).toEqual([4, 5, 6, 7])
  expect(plan.chunks.flatMap(({ tokens }) => tokens.filter((id) => id === 49408)).length).toBe(2)
})

test('in the A1111 style the name alone is the embedding, of several words too', () => {
  const plan = encodePlan('a Two Words, ((one)), onerous', {
    style: 'a1111',
    pad: 'eos',
    embeddings: table,
  })
  expect(plan.labels).toEqual(['two words#0', 'two words#1', 'one#0'])
  expect(plan.chunks[0]?.tokens.slice(2, 4)).toEqual([49408, 49409])
  expect(plan.chunks[0]?.weights[5]).toBeCloseTo(1.21)
})

test('an embedding longer than a chunk goes over several', () => {
  for (const style of ['comfy', 'a1111'] as const) {
    const text = style === 'comfy' ? 'embedding:huge' : 'huge'
    const plan = encodePlan(text, { style, pad: 'eos', embeddings: table })
    expect(plan.chunks.length).toBe(2)
  }
})

test('an unknown embedding is left out with a warning', () => {
  const plan = encodePlan('embedding:nobody, cat', { style: 'comfy', pad: 'eos' })
  expect(plan.warnings).toEqual([
    'prompt: embedding "nobody" is not listed and is left out; add its file to the param embeddings',
  ])
})

test('an embedding for an encoder of another width is refused with both numbers', () => {
  const options = { style: 'comfy', pad: 'eos', embeddings: table, features: 768 } as const
  expect(() => encodePlan('embedding:one', options)).toThrow(
    'embedding "one": has 4 features, 768 expected; it was made for another model family',
  )
  expect(encodePlan('one', options).vectors).toEqual([])
})
