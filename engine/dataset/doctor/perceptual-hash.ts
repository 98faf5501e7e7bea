import { averaged, mirrored, type Plane, partOf } from './plane.ts'

/**
 * Perceptual hashes: 64 signs of a picture's low frequencies. Two pictures that look alike differ
 * in few of them. The hash is taken of the whole and of parts with a rim cut off, so that a picture
 * and a cropped copy of it meet.
 */

/** 64 bits in two words. */
export type PictureHash = readonly [number, number]

/** The hashes of one picture. */
export interface PictureHashes {
  /** Of the whole first, then of parts. */
  readonly upright: readonly PictureHash[]
  /** Of the whole with left and right swapped. */
  readonly mirrored: PictureHash
}

const side = 32
const kept = 8
/** Parts by left, top, right and bottom: less rim all round, and less of two sides. */
const parts = [
  ...[0.04, 0.08].map((rim) => [rim, rim, 1 - rim, 1 - rim] as const),
  ...[0, 0.1].flatMap((left) => [0, 0.1].map((top) => [left, top, left + 0.9, top + 0.9] as const)),
]

/** Hashes a plane of brightness. */
export function hashesOf(plane: Plane): PictureHashes {
  const cuts = parts.map((box) => hashOf(partOf(plane, box)))
  return { upright: [hashOf(plane), ...cuts], mirrored: hashOf(mirrored(plane)) }
}

/**
 * Signs of the 64 lowest frequencies of a cosine transform of 32 x 32 means, the mean brightness
 * left out, against their median.
 */
export function hashOf(plane: Plane): PictureHash {
  const { data } = averaged(plane, side, side)
  const rows = new Float64Array(side * (kept + 1))
  const values: number[] = []
  for (let y = 0; y < side; y++) {
    for (let u = 0; u <= kept; u++) {
      let sum = 0
      for (let x = 0; x < side; x++) sum += data[y * side + x]! * cosines[u * side + x]!
      rows[y * (kept + 1) + u] = sum
    }
  }
  for (const [u, v] of frequencies) {
    let sum = 0
    for (let y = 0; y < side; y++) sum += rows[y * (kept + 1) + u]! * cosines[v * side + y]!
    values.push(sum)
  }
  const sorted = values.toSorted((a, b) => a - b)
  const middle = (sorted[31]! + sorted[32]!) / 2
  const word = (from: number) =>
    values
      .slice(from, from + 32)
      .reduce((bits, value, i) => bits | (Number(value > middle) << i), 0)
  return [word(0), word(32)]
}

/** Bits in which two hashes differ, 0 to 64; unrelated pictures differ in about 32. */
export function hashDistance(a: PictureHash, b: PictureHash): number {
  return bitCount(a[0] ^ b[0]) + bitCount(a[1] ^ b[1])
}

/** The least distance between one picture and any part of the other. */
export function nearestDistance(a: PictureHashes, b: PictureHashes): number {
  const [wholeA, wholeB] = [a.upright[0]!, b.upright[0]!]
  const distances = [
    ...b.upright.map((part) => hashDistance(wholeA, part)),
    ...a.upright.map((part) => hashDistance(wholeB, part)),
  ]
  return Math.min(...distances)
}

const cosines = Float64Array.from({ length: (kept + 1) * side }, (_, i) => {
  const [frequency, place] = [Math.floor(i / side), i % side]
  return Math.cos((Math.PI * frequency * (place + 0.5)) / side)
})

/** Pairs of frequencies: 8 x 8, and (8, 0) in place of the mean brightness. */
const frequencies = Array.from({ length: 64 }, (_, i) =>
  i === 0 ? ([8, 0] as const) : ([i % kept, Math.floor(i / kept)] as const),
)

function bitCount(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555)
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333)
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}
