import { expect, test } from 'vitest'
import { applyWeights, encodePlan } from '../../../engine/models/prompt/plan.ts'
import { multiply, multiplyKeepingMean } from '../../../engine/models/prompt/weighting.ts'
import {
  goldenFiles,
  goldenJson,
  goldenTensors,
  relativeError,
  values,
} from '../../support/golden.ts'

interface ComfyWeighting {
  id: string
  text: string
  tokens: number[][]
  weights: number[][]
  empty_prompt_encoded: boolean
  empty_tokens: number[] | null
  out_shape: number[]
}

const comfy = (goldenJson('prompts/comfy_weighting.json') ?? {}) as { cases?: ComfyWeighting[] }
const a1111 = (goldenJson('prompts/a1111_emphasis.json') ?? {}) as {
  cases?: { id: string; text: string }[]
}

test.skipIf(comfy.cases)('the golden folder has no such cases', () => {})

const comfyTensors = read('comfy_weighting.safetensors')
test.each(comfy.cases ?? [])('weights act as in ComfyUI: $text', (golden) => {
  const plan = encodePlan(golden.text, { style: 'comfy', pad: 'eos', breaks: false })
  expect(plan.chunks.map(({ tokens }) => tokens)).toEqual(golden.tokens)
  expect(plan.emptyNeeded).toBe(golden.empty_prompt_encoded)
  if (golden.empty_tokens) expect(plan.empty).toEqual(golden.empty_tokens)
  const z = values(comfyTensors, `${golden.id}.z`)
  const empty = plan.emptyNeeded ? values(comfyTensors, `${golden.id}.z_empty`) : undefined
  const result = applyWeights(plan, split(z, plan.chunks.length), empty)
  expect(result.shape).toEqual(golden.out_shape)
  const expected = values(comfyTensors, `${golden.id}.out`)
  expect(relativeError(result.data, expected)).toBeLessThan(1e-6)
})

const a1111Tensors = read('a1111_emphasis.safetensors')
test.each(a1111.cases ?? [])('weights act as in A1111: $text', ({ id, text }) => {
  const z = values(a1111Tensors, `${id}.z`)
  const weights = [...values(a1111Tensors, `${id}.multipliers`)]
  const chunks = weights.length / 77
  const plan = encodePlan(text, { style: 'a1111', pad: 'eos' })
  expect(plan.emptyNeeded).toBe(false)
  const inFloat32 = plan.chunks.flatMap((chunk) => chunk.weights.map(Math.fround))
  expect(inFloat32).toEqual(weights)
  const variants = [
    ['original', 'a1111', multiplyKeepingMean],
    ['no_norm', 'a1111-no-norm', multiply],
  ] as const
  for (const [name, style, weigh] of variants) {
    const expected = values(a1111Tensors, `${id}.${name}`)
    const applied = applyWeights({ ...plan, style }, split(z, chunks)).data
    expect(relativeError(applied, expected)).toBeLessThan(2e-6)
    if (chunks === 1) expect(relativeError(weigh(z, weights), expected)).toBeLessThan(2e-6)
  }
})

function read(name: string) {
  const file = goldenFiles('prompts', name)[0]
  return file ? goldenTensors(file) : new Map()
}

function split(z: Float32Array, chunks: number): Float32Array[] {
  const size = z.length / chunks
  return Array.from({ length: chunks }, (_, i) => z.subarray(i * size, (i + 1) * size))
}
