import { seedSequence } from './seed-sequence.ts'
import { type Seed, seedBits } from './torch-random.ts'

/**
 * Brownian motion as a function of its seed: the change of W over any interval, the same in
 * whatever order intervals are asked. Equal to torchsde's `BrownianTree` at a tolerance of 1e-6
 * and a pool of 24 words.
 * Source: Li et al. 2020, "Scalable gradients for stochastic differential equations", section 4.
 */

/** What a tree is made of; `normal` draws `size` numbers from a fresh stream of a seed. */
export interface BrownianOptions {
  readonly seed: Seed
  readonly start: number
  readonly end: number
  readonly size: number
  readonly normal: (seed: number, size: number) => Float32Array
}

/** The change of W from `from` to `to`, `from <= to`; times outside the range are moved into it. */
export type BrownianPath = (from: number, to: number) => Float32Array

/** The interval [start, end], the change of W over it, and its place: number `index` of `depth`. */
interface TreeNode {
  readonly start: number
  readonly end: number
  readonly index: number
  readonly depth: number
  readonly change: Float32Array
}

const { fround } = Math

/** A tree that halves its range until the ends of a question are met, to six decimals. */
export function brownianPath(options: BrownianOptions): BrownianPath {
  const { size, normal } = options
  const entropy = seedBits(options.seed)
  const range = fround(Math.sqrt(options.end - options.start))
  const root: TreeNode = {
    start: sixDecimals(options.start),
    end: sixDecimals(options.end),
    index: 0,
    depth: 0,
    change: normal(seedSequence(entropy, [], 3)[0] as number, size).map((z) => z * range),
  }
  // Neighbouring intervals share an end, so the halves met by the last question are kept.
  let known = new Map<string, readonly [TreeNode, TreeNode]>()

  const halves = (node: TreeNode, met: typeof known): readonly [TreeNode, TreeNode] => {
    const key = `${node.depth} ${node.index}`
    const pair = met.get(key) ?? known.get(key) ?? split(node, entropy, normal)
    met.set(key, pair)
    return pair
  }
  const collect = (node: TreeNode, from: number, to: number, met: typeof known): TreeNode[] => {
    if (from <= node.start && node.end <= to) return [node]
    const [left, right] = halves(node, met)
    if (to <= left.end) return collect(left, from, to, met)
    if (from >= left.end) return collect(right, from, to, met)
    return [...collect(left, from, left.end, met), ...collect(right, left.end, to, met)]
  }
  return (from, to) => {
    const inside = (time: number) =>
      sixDecimals(Math.min(Math.max(time, options.start), options.end))
    const sum = new Float32Array(size)
    if (inside(from) >= inside(to)) return sum
    const met: typeof known = new Map()
    for (const { change } of collect(root, inside(from), inside(to), met)) {
      for (let i = 0; i < size; i++) sum[i] = (sum[i] as number) + (change[i] as number)
    }
    known = met
    return sum
  }
}

/** The Brownian bridge: W in the middle of an interval, given its change over the whole. */
function split(
  node: TreeNode,
  entropy: bigint,
  normal: BrownianOptions['normal'],
): readonly [TreeNode, TreeNode] {
  const { start, end, index, depth, change } = node
  const middle = sixDecimals((start + end) / 2)
  const leftLength = middle - start
  const rightLength = end - middle
  const inverse = 1 / (end - start)
  const deviation = fround(Math.sqrt(leftLength * rightLength * inverse))
  const noise = normal(seedSequence(entropy, [index, depth], 4)[0] as number, change.length)
  const length32 = fround(leftLength)
  const inverse32 = fround(inverse)
  const left = new Float32Array(change.length)
  const right = new Float32Array(change.length)
  for (let i = 0; i < change.length; i++) {
    const whole = change[i] as number
    const mean = fround(fround(length32 * whole) * inverse32)
    left[i] = mean + fround(deviation * (noise[i] as number))
    right[i] = whole - (left[i] as number)
  }
  return [
    { start, end: middle, index: 2 * index, depth: depth + 1, change: left },
    { start: middle, end, index: 2 * index + 1, depth: depth + 1, change: right },
  ]
}

/** A time of at least 0 to six decimals; a tie goes to the even digit. */
export function sixDecimals(time: number): number {
  // A float64 lies halfway between two such decimals only where it is an odd number of 128ths.
  const tie = Number.isInteger(time * 128) && (time * 128) % 2 === 1
  if (!tie) return Number(time.toFixed(6))
  const below = Math.floor(time * 1e6)
  return (below % 2 === 0 ? below : below + 1) / 1e6
}
