import { describe, expect, test } from 'vitest'
import { type AlgorithmName, algorithmNames, algorithmTitle } from '../../engine/lora/algorithms.ts'
import { type AppliedLora, deltaWeight, mixFactors, mixScales } from '../../engine/lora/mix.ts'
import { relativeError } from '../support/golden.ts'
import { noise, scalar, type TestTensor, tensor, testLora } from './tiny.ts'

/** One way of writing an algorithm, with its formula per element of the change. */
interface Form {
  algorithm: AlgorithmName
  title: string
  shape: number[]
  parts: Record<string, TestTensor>
  change: (read: Read, o: number, i: number, y: number, x: number) => number
}

/** An element of a part. */
type Read = (part: string, ...index: number[]) => number

const linear = [6, 8]
const pointwise = [6, 8, 1, 1]
const kernel = [6, 8, 3, 3]

const forms: Form[] = [
  ...[linear, pointwise].flatMap((layer) =>
    [linear, pointwise].map((file) => ({
      algorithm: 'lora' as const,
      title: `file with ${file.length} sizes, layer with ${layer.length}`,
      shape: layer,
      parts: {
        'lora_down.weight': tensor([2, 8, ...file.slice(2)]),
        'lora_up.weight': tensor([6, 2, ...file.slice(2)]),
        alpha: scalar(3),
      },
      change: (read: Read, o: number, i: number) =>
        (3 / 2) *
        sum(2, (k) => read('lora_up.weight', o, k, 0, 0) * read('lora_down.weight', k, i, 0, 0)),
    })),
  ),
  {
    algorithm: 'lora',
    title: 'without alpha',
    shape: linear,
    parts: { 'lora_down.weight': tensor([2, 8]), 'lora_up.weight': tensor([6, 2]) },
    change: (read, o, i) =>
      sum(2, (k) => read('lora_up.weight', o, k) * read('lora_down.weight', k, i)),
  },
  {
    algorithm: 'lora',
    title: 'convolution',
    shape: kernel,
    parts: {
      'lora_down.weight': tensor([3, 8, 3, 3]),
      'lora_up.weight': tensor([6, 3, 1, 1]),
      alpha: scalar(1),
    },
    change: (read, o, i, y, x) =>
      (1 / 3) *
      sum(3, (k) => read('lora_up.weight', o, k, 0, 0) * read('lora_down.weight', k, i, y, x)),
  },
  {
    algorithm: 'lora',
    title: 'convolution with a core',
    shape: kernel,
    parts: {
      'lora_down.weight': tensor([3, 8, 1, 1], 1),
      'lora_mid.weight': tensor([3, 3, 3, 3], 2),
      'lora_up.weight': tensor([6, 3, 1, 1], 3),
      alpha: scalar(1),
    },
    change: (read, o, i, y, x) =>
      (1 / 3) *
      sum(3, (k) =>
        sum(
          3,
          (l) =>
            read('lora_up.weight', o, k, 0, 0) *
            read('lora_mid.weight', k, l, y, x) *
            read('lora_down.weight', l, i, 0, 0),
        ),
      ),
  },
  // Rank 2 squared is smaller than the layer's sides, rank 3 squared is not.
  ...[2, 3].flatMap((rank) =>
    [linear, kernel].map((shape): Form => {
      const area = (shape[2] ?? 1) * (shape[3] ?? 1)
      const columns = 8 * area
      return {
        algorithm: 'loha',
        title: `rank ${rank}, layer with ${shape.length} sizes`,
        shape,
        parts: {
          hada_w1_a: tensor([6, rank], 1),
          hada_w1_b: tensor([rank, columns], 2),
          hada_w2_a: tensor([6, rank], 3),
          hada_w2_b: tensor([rank, columns], 4),
          alpha: scalar(1),
        },
        change: (read, o, i, y, x) => {
          const column = (i * (shape[2] ?? 1) + y) * (shape[3] ?? 1) + x
          const side = (n: number) =>
            sum(rank, (k) => read(`hada_w${n}_a`, o, k) * read(`hada_w${n}_b`, k, column))
          return (side(1) * side(2)) / rank
        },
      }
    }),
  ),
  {
    algorithm: 'loha',
    title: 'with cores',
    shape: kernel,
    parts: {
      hada_t1: tensor([2, 2, 3, 3], 1),
      hada_w1_a: tensor([2, 6], 2),
      hada_w1_b: tensor([2, 8], 3),
      hada_t2: tensor([2, 2, 3, 3], 4),
      hada_w2_a: tensor([2, 6], 5),
      hada_w2_b: tensor([2, 8], 6),
      alpha: scalar(4),
    },
    change: (read, o, i, y, x) => {
      const side = (n: number) =>
        sum(2, (k) =>
          sum(
            2,
            (l) =>
              read(`hada_t${n}`, k, l, y, x) *
              read(`hada_w${n}_a`, k, o) *
              read(`hada_w${n}_b`, l, i),
          ),
        )
      return 2 * side(1) * side(2)
    },
  },
  ...[linear, kernel].flatMap((shape) =>
    ['whole', 'product'].flatMap((first) =>
      ['whole', 'product', 'core'].map((second) => kroneckerForm(shape, first, second)),
    ),
  ),
  ...[linear, kernel].map(
    (shape): Form => ({
      algorithm: 'full',
      title: `layer with ${shape.length} sizes`,
      shape,
      parts: { diff: tensor(shape) },
      change: (read, o, i, y, x) => read('diff', o, i, y, x),
    }),
  ),
]

/** `kron(w1 [2, 4], w2 [3, 2, ...])`; both ranks are 2, alpha is 3. */
function kroneckerForm(shape: number[], first: string, second: string): Form {
  const kernelSizes = second === 'core' && shape.length === 2 ? [1, 1] : shape.slice(2)
  const height = kernelSizes[0] ?? 1
  const width = kernelSizes[1] ?? 1
  const firstParts: Record<string, TestTensor> =
    first === 'whole'
      ? { lokr_w1: tensor([2, 4], 1) }
      : { lokr_w1_a: tensor([2, 2], 2), lokr_w1_b: tensor([2, 4], 3) }
  const secondParts: Record<string, Record<string, TestTensor>> = {
    whole: { lokr_w2: tensor([3, 2, ...kernelSizes], 4) },
    product: { lokr_w2_a: tensor([3, 2], 5), lokr_w2_b: tensor([2, 2 * height * width], 6) },
    core: {
      lokr_t2: tensor([2, 2, ...kernelSizes], 7),
      lokr_w2_a: tensor([2, 3], 8),
      lokr_w2_b: tensor([2, 2], 9),
    },
  }
  const w1 = (read: Read, o: number, i: number) =>
    first === 'whole'
      ? read('lokr_w1', o, i)
      : sum(2, (k) => read('lokr_w1_a', o, k) * read('lokr_w1_b', k, i))
  const w2 = (read: Read, o: number, i: number, y: number, x: number) => {
    if (second === 'whole') return read('lokr_w2', o, i, y, x)
    if (second === 'product') {
      const column = (i * height + y) * width + x
      return sum(2, (k) => read('lokr_w2_a', o, k) * read('lokr_w2_b', k, column))
    }
    return sum(2, (k) =>
      sum(
        2,
        (l) => read('lokr_t2', k, l, y, x) * read('lokr_w2_a', k, o) * read('lokr_w2_b', l, i),
      ),
    )
  }
  // Two whole matrices are not scaled.
  const scale = first === 'whole' && second === 'whole' ? 1 : 3 / 2
  return {
    algorithm: 'lokr',
    title: `${first} times ${second}, layer with ${shape.length} sizes`,
    shape,
    parts: { ...firstParts, ...secondParts[second], alpha: scalar(3) },
    change: (read, o, i, y, x) =>
      scale * w1(read, Math.floor(o / 3), Math.floor(i / 2)) * w2(read, o % 3, i % 2, y, x),
  }
}

test('every algorithm that can be applied has a form here', () => {
  const supported = algorithmNames.filter((name) => algorithmTitle(name).supported)
  expect([...new Set(forms.map(({ algorithm }) => algorithm))].sort()).toEqual(
    [...supported].sort(),
  )
})

describe('the factors are exact', () => {
  for (const form of forms) {
    test(`${form.algorithm}, ${form.title}`, () => {
      expect(relativeError(delta([[form, 1]], form.shape), reference(form))).toBeLessThan(1e-6)
    })
  }
})

describe('strength', () => {
  for (const form of forms) {
    test(`0 is exactly no change, others are multiples: ${form.algorithm}, ${form.title}`, () => {
      expect(delta([[form, 0]], form.shape).every((value) => value === 0)).toBe(true)
      const scaled = reference(form).map((value) => value * -0.7)
      expect(relativeError(delta([[form, -0.7]], form.shape), scaled)).toBeLessThan(1e-6)
    })
  }
})

describe('a blend is the sum, in any order', () => {
  for (const shape of [linear, kernel]) {
    const list = forms
      .filter((form) => form.shape === shape)
      .map((form, index): [Form, number] => [form, noise(1, index)[0]!])
    const expected = new Float64Array(reference(list[0]![0]).length)
    for (const [form, strength] of list) {
      const own = reference(form)
      for (let i = 0; i < own.length; i++) expected[i]! += own[i]! * strength
    }
    test(`of ${list.length} LoRAs for a layer with ${shape.length} sizes`, () => {
      expect(relativeError(delta(list, shape), expected)).toBeLessThan(1e-6)
      expect(relativeError(delta(list.toReversed(), shape), expected)).toBeLessThan(1e-6)
    })
  }
})

function delta(list: readonly (readonly [Form, number])[], shape: number[]): Float32Array {
  const layers = new Map([['conv_in', shape]])
  const loras = list.map(
    ([{ parts }, strength]): AppliedLora => ({
      lora: testLora(
        Object.fromEntries(
          Object.entries(parts).map(([part, value]) => [`lora_unet_conv_in.${part}`, value]),
        ),
      ),
      strength,
    }),
  )
  const mix = mixFactors(loras, 'unet', layers)
  return deltaWeight(mix.get('conv_in')!, mixScales(loras, mix).get('conv_in')!)
}

function reference({ shape, parts, change }: Form): number[] {
  const read: Read = (part, ...index) => {
    const [sizes, data] = parts[part]!
    return data[sizes.reduce((at, size, axis) => at * size + index[axis]!, 0)]!
  }
  const [out = 0, inputs = 0, height = 1, width = 1] = shape
  return range(out).flatMap((o) =>
    range(inputs).flatMap((i) =>
      range(height).flatMap((y) => range(width).map((x) => change(read, o, i, y, x))),
    ),
  )
}

function sum(count: number, term: (index: number) => number): number {
  return range(count).reduce((total, index) => total + term(index), 0)
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index)
}
