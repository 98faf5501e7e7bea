import type { Part } from '../../lora/naming.ts'
import { TorchRandom } from '../../sampling/torch-random.ts'
import { mixSeed } from '../seeds.ts'
import type { networkAlgorithms } from '../settings/network.ts'

/** The first numbers of one tensor of a LoRA. */
export interface InitialPart {
  readonly part: Part
  readonly shape: readonly number[]
  readonly data: Float32Array
}

/** A layer that is to be changed. */
export interface InitialLayer {
  /** `[out, in]` or `[out, in, height, width]`. */
  readonly shape: readonly number[]
  readonly rank: number
  /** lokr: size of the small factor; -1 is the most even split. */
  readonly factor: number
  readonly seed: readonly [seed: number, ...parts: string[]]
  /** The numbers of the layer itself. */
  readonly weight: () => Promise<Float32Array>
}

/** How a tensor begins. */
type Fill = (count: number, random: TorchRandom) => Float32Array

/** The tensors with which an algorithm begins: the change of the layer is zero. */
export async function* initialParts(
  algorithm: (typeof networkAlgorithms)[number],
  layer: InitialLayer,
): AsyncGenerator<InitialPart> {
  const [seed, ...place] = layer.seed
  for (const { part, shape, fill } of tables[algorithm](layer)) {
    const count = product(shape)
    yield { part, shape, data: fill(count, new TorchRandom(mixSeed(seed, ...place, part))) }
  }
  if (algorithm === 'dora') yield await lengths(layer)
}

interface Beginning {
  readonly part: Part
  readonly shape: readonly number[]
  readonly fill: Fill
}

const zeros: Fill = (count) => new Float32Array(count)

function normal(deviation: number): Fill {
  return (count, random) => random.normal(count).map((value) => value * deviation)
}

/** Uniform within one over the root of the inputs: He et al. 2015 with a slope of the root of 5. */
function uniform(inputs: number): Fill {
  const bound = 1 / Math.sqrt(inputs)
  return (count, random) => random.uniformBetween(count, -bound, bound)
}

/** As kohya's networks.lora and LyCORIS begin. */
const tables: Readonly<
  Record<(typeof networkAlgorithms)[number], (layer: InitialLayer) => readonly Beginning[]>
> = {
  lora: ({ shape: [out = 0, ...inner], rank }) => [
    { part: 'down', shape: [rank, ...inner], fill: uniform(product(inner)) },
    { part: 'up', shape: [out, rank, ...inner.slice(1).map(() => 1)], fill: zeros },
  ],
  dora: (layer) => tables.lora(layer),
  loha: ({ shape: [out = 0, ...inner], rank }) => [
    { part: 'hada_w1_a', shape: [out, rank], fill: normal(0.1) },
    { part: 'hada_w1_b', shape: [rank, product(inner)], fill: normal(1) },
    { part: 'hada_w2_a', shape: [out, rank], fill: zeros },
    { part: 'hada_w2_b', shape: [rank, product(inner)], fill: normal(1) },
  ],
  lokr: ({ shape: [out = 0, input = 0, ...kernel], rank, factor }) => {
    const [out1, out2] = evenFactors(out, factor)
    const [in1, in2] = evenFactors(input, factor)
    const first: Beginning = { part: 'lokr_w1', shape: [out1, in1], fill: uniform(in1) }
    if (rank >= Math.max(out2, in2) / 2) {
      return [first, { part: 'lokr_w2', shape: [out2, in2, ...kernel], fill: zeros }]
    }
    const shape = [rank, in2 * product(kernel)]
    return [
      first,
      { part: 'lokr_w2_a', shape: [out2, rank], fill: uniform(rank) },
      { part: 'lokr_w2_b', shape, fill: zeros },
    ]
  },
}

/** The length of every row of the weight: what DoRA learns beside the direction. */
async function lengths({ shape, weight }: InitialLayer): Promise<InitialPart> {
  const [out = 0, ...inner] = shape
  const columns = product(inner)
  const numbers = await weight()
  const data = Float32Array.from({ length: out }, (_, row) => {
    let sum = 0
    for (let at = row * columns; at < (row + 1) * columns; at++) sum += numbers[at]! ** 2
    return Math.sqrt(sum)
  })
  return { part: 'dora_scale', shape: [out, ...inner.map(() => 1)], data }
}

/**
 * Two factors of a size, the smaller first: the most even, or with a `factor` above 0 the most
 * even whose smaller one is at most that; a factor that divides the size is taken as it is.
 * Source: LyCORIS (Yeh et al. 2023, arXiv 2309.14859), LoKr.
 */
export function evenFactors(size: number, factor: number): [small: number, large: number] {
  if (factor > 0 && size % factor === 0) {
    const other = size / factor
    return factor > other ? [other, factor] : [factor, other]
  }
  const most = factor > 0 ? Math.min(factor, Math.sqrt(size)) : Math.sqrt(size)
  for (let small = Math.floor(most); small > 1; small--) {
    if (size % small === 0) return [small, size / small]
  }
  return [1, size]
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((all, size) => all * size, 1)
}
