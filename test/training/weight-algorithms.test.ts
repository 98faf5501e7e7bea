import { describe, expect, it } from 'vitest'
import { algorithmOf, type LoraParts, moduleChange } from '../../engine/lora/algorithms.ts'
import type { LoraTensor } from '../../engine/lora/layer-request.ts'
import { multiply } from '../../engine/lora/matrix.ts'
import type { Part } from '../../engine/lora/naming.ts'
import { vector } from '../../engine/onnx/express.ts'
import { seededNumbers } from '../../engine/runtime/probe-data.ts'
import { sizeOf } from '../../engine/runtime/tensor.ts'
import { weightAlgorithms } from '../../engine/training/weight-algorithms.ts'
import { gradientProgram, slopes } from '../onnx/gradient-check.ts'
import { relativeDifference } from '../onnx/numbers.ts'
import { evaluate } from '../onnx/reference.ts'
import { type WeightCase, weightCases } from './weight-algorithm-cases.ts'

const alpha = 3

describe('a weight changed inside a program', () => {
  it.each(weightCases)('$title: is the one that is baked of the file', (one) => {
    const { program, feeds } = programOf(one)
    const parts = partsOf(one, feeds)
    expect(algorithmOf(parts)).toBe(one.algorithm)
    const weight = weightNumbers(one.shape)
    const found = evaluate(program, feeds).get('result 0')!
    expect(found.shape).toEqual(one.shape)
    expect(relativeDifference(found.data, bakedWeight(one, parts, weight))).toBeLessThan(1e-6)
  })

  it.each(weightCases)('$title: every part has the gradient of the loss', (one) => {
    const found = slopes(programOf(one))
    expect(found.map(({ name }) => name)).toEqual(Object.keys(one.parts))
    for (const { name, byGradient, byDifference } of found) {
      const difference = Math.abs(byGradient - byDifference)
      expect(difference / Math.max(Math.abs(byDifference), 0.01), name).toBeLessThanOrEqual(1e-6)
    }
  })

  it('has a case for every algorithm that is trained', () => {
    const covered = new Set<string>(weightCases.map(({ algorithm }) => algorithm))
    expect(Object.keys(weightAlgorithms).sort()).toEqual([...covered].sort())
  })

  it('a weight of zeros has a gradient all the same', () => {
    const one = weightCases.find(({ title }) => title === 'DoRA by outputs')!
    const { program, feeds } = programOf(one, new Float32Array(24))
    const up = { ...feeds.up!, data: feeds.up!.data.map(() => 0) }
    const values = evaluate(program, { ...feeds, up })
    for (const name of ['up', 'down', 'dora_scale']) {
      expect(values.get(`gradient ${name}`)!.data.every(Number.isFinite), name).toBe(true)
    }
  })
})

function programOf(
  { algorithm, shape, parts }: WeightCase,
  weight: Float32Array = weightNumbers(shape),
) {
  const names = Object.keys(parts) as Part[]
  const { changed, rank } = weightAlgorithms[algorithm]!
  const ranks = new Map(
    names.map((name) => [name, { name, shape: parts[name]!, data: new Float32Array() }] as const),
  )
  const divisor = rank(ranks)
  return gradientProgram({
    inputs: Object.fromEntries(
      names.map((name) => [name, { shape: parts[name]!, range: [0.2, 1], isTrained: true }]),
    ),
    build: (builder, inputs) =>
      changed({
        builder,
        stored: vector(builder, [...weight], shape),
        parts: new Map(names.map((name, index) => [name, inputs[index]!] as const)),
        scale: divisor === undefined ? 1 : alpha / divisor,
      }),
  })
}

function partsOf(
  { parts }: WeightCase,
  feeds: Readonly<Record<string, { readonly data: readonly number[] }>>,
): LoraParts {
  const tensors = new Map<Part, LoraTensor>([
    ['alpha', { name: 'alpha', shape: [], data: Float32Array.of(alpha) }],
  ])
  for (const [part, shape] of Object.entries(parts) as [Part, readonly number[]][]) {
    tensors.set(part, { name: part, shape, data: Float32Array.from(feeds[part]!.data) })
  }
  return tensors
}

function weightNumbers(shape: readonly number[]): Float32Array {
  return seededNumbers('stored weight', sizeOf(shape))
}

/** The weight as the engine bakes it, or as it would with live factors. */
function bakedWeight({ algorithm, shape }: WeightCase, parts: LoraParts, weight: Float32Array) {
  const scaleFor = () => undefined
  const request = { file: 'file', parts, layer: 'layer', shape, scaleFor }
  const { live, baked } = moduleChange(algorithm, request)
  const columns = weight.length / shape[0]!
  const delta = baked
    ? baked.delta(weight, 1)
    : multiply({
        left: { rows: shape[0]!, columns: live!.rank, data: live!.up },
        right: { rows: live!.rank, columns, data: live!.down },
      }).data
  return weight.map((value, index) => value + delta[index]!)
}
