import { expect, test } from 'vitest'
import { padChunk } from '../../../engine/models/prompt/chunks.ts'
import { comfyChunks } from '../../../engine/models/prompt/chunks-comfy.ts'
import { embeddingRows, embeddingTable } from '../../../engine/models/prompt/embeddings.ts'
import { comfySegments } from '../../../engine/models/prompt/parse-comfy.ts'
import { encodePlan } from '../../../engine/models/prompt/plan.ts'
import { clipTokenizer, vocabularySize } from '../../../engine/models/tokenizer.ts'
import { goldenJson } from '../../support/golden.ts'

type JsonNumber = number | 'nan' | 'inf' | '-inf'

interface ComfyChunk {
  tokens: (number | string)[]
  weights: JsonNumber[]
  word_ids: number[]
}

interface ComfyCase {
  text: string
  segments?: [string, JsonNumber][]
  chunks: ComfyChunk[]
  tokens_pad0?: number[][]
}

const golden = (goldenJson('prompts/comfy_weights.json') ?? {}) as {
  cases?: ComfyCase[]
  embedding_files?: Record<string, number>
  embedding_cases?: ComfyCase[]
}

const table = embeddingTable(
  new Map(
    Object.entries(golden.embedding_files ?? {}).map(([name, count]) => [
      name,
      { vectors: new Float32Array(count * 2), count, features: 2 },
    ]),
  ),
)

test.skipIf(golden.cases)('the golden folder has no such cases', () => {})

test.each(golden.cases ?? [])('weights as in ComfyUI: $text', (golden) => {
  const segments = comfySegments(golden.text)
  expect(segments.map(({ text }) => text)).toEqual(golden.segments?.map(([text]) => text))
  expectNumbers(
    segments.map(({ weight }) => weight),
    golden.segments?.map(([, weight]) => weight) ?? [],
  )
  expectChunks(golden)
})

test.each(golden.embedding_cases ?? [])('embeddings as in ComfyUI: $text', expectChunks)

function expectChunks({ text, chunks, tokens_pad0 }: ComfyCase): void {
  const rows = embeddingRows(table)
  const unpadded = comfyChunks(comfySegments(text), {
    tokenizer: clipTokenizer(),
    rows,
    breaks: false,
  })
  const found = unpadded.map((chunk) => padChunk(chunk, 'eos'))
  const named = found.map(({ tokens }) =>
    tokens.map((id) => rows.labels[id - vocabularySize] ?? id),
  )
  expect(named).toEqual(chunks.map(({ tokens }) => tokens))
  expect(found.map(({ words }) => words)).toEqual(chunks.map(({ word_ids }) => word_ids))
  for (const [i, { weights }] of found.entries()) expectNumbers(weights, chunks[i]?.weights ?? [])
  const padded = encodePlan(text, { style: 'comfy', pad: 'zero', embeddings: table, breaks: false })
  if (tokens_pad0) expect(padded.chunks.map(({ tokens }) => tokens)).toEqual(tokens_pad0)
}

function expectNumbers(found: readonly number[], expected: readonly JsonNumber[]): void {
  const numbers = expected.map((value) =>
    typeof value === 'number' ? value : Number(value.replace('inf', 'Infinity')),
  )
  expect(found.length).toBe(numbers.length)
  for (const [i, value] of numbers.entries()) {
    const gap = Math.abs((found[i] as number) - value)
    if (Number.isFinite(value)) expect(gap).toBeLessThanOrEqual(1e-12 * Math.abs(value))
    else expect(found[i]).toBe(value)
  }
}
