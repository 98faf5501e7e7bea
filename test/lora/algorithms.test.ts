import { describe, expect, test } from 'vitest'
import { type AlgorithmName, algorithmNames, algorithmTitle } from '../../engine/lora/algorithms.ts'
import type { AppliedLora } from '../../engine/lora/mix.ts'
import { resolveLora } from '../../engine/lora/resolve.ts'
import { relativeError } from '../support/golden.ts'
import { noise, scalar, type TestTensor, tensor, testLora, wholeChange } from './tiny.ts'

/**
 * One way of writing an algorithm, with its formula per element of the change. The part `original`
 * is the weight that is changed.
 */
interface Form {
  algorithm: AlgorithmName
  title: string
  /** `conv_in` where absent. */
  layer?: string
  shape: number[]
  parts: Record<string, TestTensor>
  change: (read: Read, o: number, i: number, y: number, x: number) => number
}

/** An element of a part. */
type Read = (part: string, ...index: number[]) => number

const linear = [6, 8]
const pointwise = [6, 8, 1, 1]
const kernel = [6, 8, 3, 3]
const channels = [6]

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
  ...[linear, kernel].flatMap((shape) => [
    doraForm(shape, 'dora_scale', 'output'),
    doraForm(shape, 'dora_scale', 'input'),
    doraForm(shape, 'lora_magnitude_vector', 'output'),
  ]),
  ...[linear, kernel].flatMap((shape) =>
    [0, 1].map(
      (onInput): Form => ({
        algorithm: 'ia3',
        title: `on ${onInput ? 'input' : 'output'}, layer with ${shape.length} sizes`,
        shape,
        parts: { weight: tensor([shape[onInput]!], 7), on_input: scalar(onInput) },
        change: (read, o, i, y, x) =>
          read('original', o, i, y, x) * read('weight', onInput ? i : o),
      }),
    ),
  ),
  ...['w_norm', 'diff'].map(
    (part): Form => ({
      algorithm: 'norm',
      title: `as ${part}`,
      layer: 'conv_norm_out',
      shape: channels,
      parts: { [part]: tensor(channels, 8) },
      change: (read, o) => read(part, o),
    }),
  ),
  ...['b_norm', 'diff_b'].map(
    (part): Form => ({
      algorithm: 'bias',
      title: `as ${part}`,
      layer: 'conv_norm_out.bias',
      shape: channels,
      parts: { [part]: tensor(channels, 9) },
      change: (read, o) => read(part, o),
    }),
  ),
]

/** `m V / |V| - W` with `V = W + up down`, the length being that of an output or an input. */
function doraForm(shape: number[], part: string, axis: 'output' | 'input'): Form {
  const [out = 0, inputs = 0, height = 1, width = 1] = shape
  const ones = shape.slice(2).map(() => 1)
  const moved = (read: Read, o: number, i: number, y: number, x: number) =>
    read('original', o, i, y, x) +
    (3 / 2) *
      sum(2, (k) => read('lora_up.weight', o, k, 0, 0) * read('lora_down.weight', k, i, y, x))
  const square = (read: Read, group: number) =>
    sum(axis === 'output' ? inputs : out, (other) =>
      sum(height, (y) =>
        sum(width, (x) =>
          axis === 'output'
            ? moved(read, group, other, y, x) ** 2
            : moved(read, other, group, y, x) ** 2,
        ),
      ),
    )
  return {
    algorithm: 'dora',
    title: `${part} of the ${axis}, layer with ${shape.length} sizes`,
    shape,
    parts: {
      'lora_down.weight': tensor([2, ...shape.slice(1)], 1),
      'lora_up.weight': tensor([out, 2, ...ones], 2),
      alpha: scalar(3),
      [part]: tensor(axis === 'output' ? [out, 1, ...ones] : [1, inputs, ...ones], 3),
    },
    change: (read, o, i, y, x) => {
      const [group, ...at] = axis === 'output' ? [o, o, 0] : [i, 0, i]
      const length = read(part, ...at, 0, 0)
      const stretch = length / Math.sqrt(square(read, group!))
      return moved(read, o, i, y, x) * stretch - read('original', o, i, y, x)
    },
  }
}

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

describe('the change is that of the formula', () => {
  for (const form of forms) {
    test(`${form.algorithm}, ${form.title}`, () => {
      expect(relativeError(delta([[form, 1]]), reference(form))).toBeLessThan(1e-6)
    })
  }
})

describe('strength', () => {
  for (const form of forms) {
    test(`0 is exactly no change, others are multiples: ${form.algorithm}, ${form.title}`, () => {
      expect(delta([[form, 0]]).every((value) => value === 0)).toBe(true)
      const scaled = reference(form).map((value) => value * -0.7)
      expect(relativeError(delta([[form, -0.7]]), scaled)).toBeLessThan(1e-6)
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
      expect(relativeError(delta(list), expected)).toBeLessThan(1e-6)
      expect(relativeError(delta(list.toReversed()), expected)).toBeLessThan(1e-6)
    })
  }
})

function delta(list: readonly (readonly [Form, number])[]): Float64Array {
  const { layer = 'conv_in', shape } = list[0]![0]
  const layers = new Map([
    ['conv_in', linear],
    ['conv_norm_out', channels],
    [layer, shape],
  ])
  const loras = list.map(
    ([{ parts, layer = 'conv_in' }, strength]): AppliedLora => ({
      lora: testLora(
        Object.fromEntries(
          Object.entries(parts).map(([part, value]) => [
            `lora_unet_${layer.replace('.bias', '')}.${part}`,
            value,
          ]),
        ),
      ),
      strength,
    }),
  )
  return wholeChange(loras, layer, { layers, weight: () => original(shape)[1] })
}

function original(shape: number[]): TestTensor {
  return tensor(shape, 99)
}

function reference({ shape, parts, change }: Form): number[] {
  const read: Read = (part, ...index) => {
    const [sizes, data] = part === 'original' ? original(shape) : parts[part]!
    return data[sizes.reduce((at, size, axis) => at * size + index[axis]!, 0)]!
  }
  const [out = 0, inputs = 1, height = 1, width = 1] = shape
  return range(out).flatMap((o) =>
    range(inputs).flatMap((i) =>
      range(height).flatMap((y) => range(width).map((x) => change(read, o, i, y, x))),
    ),
  )
}

describe('what has a high rank is baked, what has a small one stays live', () => {
  const wide = [400, 400]
  const forms: [title: string, parts: Record<string, TestTensor>, baked: string | undefined][] = [
    ['a whole difference', { diff: tensor(wide) }, 'full difference of high rank'],
    ['LoKr of two whole matrices', kronecker([20, 20]), 'LoKr of high rank'],
    ['LoKr of a small whole matrix', kronecker([2, 2], 10), undefined],
    ['LoHa of rank 18', hada(18), 'LoHa of high rank'],
    ['LoHa of rank 17', hada(17), undefined],
  ]
  test.each(forms)('%s', (_title, parts, baked) => {
    const named = Object.entries(parts).map(([part, value]) => [`lora_unet_conv_in.${part}`, value])
    const lora = testLora(Object.fromEntries(named))
    const layers = new Map([['conv_in', wide]])
    const resolved = resolveLora(lora, 'unet', layers)
    expect(resolved.baked.get('conv_in')?.title).toBe(baked)
    expect(resolved.factors.size).toBe(baked ? 0 : 1)
  })

  test('and both are the same change', () => {
    const parts = kronecker([20, 20])
    const [w1, w2] = [parts.lokr_w1!, parts.lokr_w2!]
    const lora = testLora({ 'lora_unet_conv_in.lokr_w1': w1, 'lora_unet_conv_in.lokr_w2': w2 })
    const change = wholeChange([{ lora, strength: 0.5 }], 'conv_in', {
      layers: new Map([['conv_in', wide]]),
      weight: () => new Float32Array(400 * 400),
    })
    const expected = range(400).flatMap((o) =>
      range(400).map(
        (i) =>
          0.5 *
          w1[1][Math.floor(o / 20) * 20 + Math.floor(i / 20)]! *
          w2[1][(o % 20) * 20 + (i % 20)]!,
      ),
    )
    expect(relativeError(change, expected)).toBeLessThan(1e-6)
  })

  function kronecker([out, inputs]: [number, number], rank?: number): Record<string, TestTensor> {
    const [out2, inputs2] = [400 / out, 400 / inputs]
    const second: Record<string, TestTensor> =
      rank === undefined
        ? { lokr_w2: tensor([out2, inputs2], 2) }
        : { lokr_w2_a: tensor([out2, rank], 3), lokr_w2_b: tensor([rank, inputs2], 4) }
    return { lokr_w1: tensor([out, inputs], 1), ...second }
  }

  function hada(rank: number): Record<string, TestTensor> {
    return {
      hada_w1_a: tensor([400, rank], 1),
      hada_w1_b: tensor([rank, 400], 2),
      hada_w2_a: tensor([400, rank], 3),
      hada_w2_b: tensor([rank, 400], 4),
    }
  }
})

function sum(count: number, term: (index: number) => number): number {
  return range(count).reduce((total, index) => total + term(index), 0)
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index)
}
