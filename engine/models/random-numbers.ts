/**
 * Normal numbers by the hundred million for weights that only have to look like weights: a pool
 * drawn once, from which tensors take slices at seeded places. Not for noise, not for training.
 */
export interface RandomNumbers {
  /** Pieces of a float16 tensor of `count` normal numbers of mean 0; one after another. */
  normals(count: number, deviation: number): Generator<Float16Array<ArrayBuffer>>
}

/** Numbers in the pool. A prime, so that rows of a tensor seldom begin at the same place. */
const poolSize = 1_048_573
const pieceSize = 2 ** 20

/** The same seed gives the same numbers, whatever the machine. */
export function randomNumbers(seed: number): RandomNumbers {
  const next = wordStream(seed)
  const pool = normalPool(next)
  const scaled = new Map<number, Float16Array<ArrayBuffer>>()

  function poolOf(deviation: number): Float16Array<ArrayBuffer> {
    const known = scaled.get(deviation)
    if (known) return known
    const made = new Float16Array(pool.map((value) => value * deviation))
    scaled.set(deviation, made)
    return made
  }

  return {
    *normals(count, deviation) {
      for (let left = count; left > 0; left -= pieceSize) {
        const piece = new Float16Array(Math.min(left, pieceSize))
        let from = next() % poolSize
        for (let at = 0; at < piece.length; ) {
          const part = poolOf(deviation).subarray(from, from + piece.length - at)
          piece.set(part, at)
          at += part.length
          from = 0
        }
        yield piece
      }
    },
  }
}

/** Unsigned 32-bit words: a Weyl sequence through a mixing function of two multiplications. */
function wordStream(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x9e3779b9) >>> 0
    let word = state
    word = Math.imul(word ^ (word >>> 16), 0x21f0aaad)
    word = Math.imul(word ^ (word >>> 15), 0x735a2d97)
    return (word ^ (word >>> 15)) >>> 0
  }
}

/** Pairs of normal numbers from pairs of uniform ones (Box and Muller 1958). */
function normalPool(next: () => number): Float32Array {
  const pool = new Float32Array(poolSize)
  for (let i = 0; i < poolSize; i += 2) {
    const radius = Math.sqrt(-2 * Math.log((next() + 0.5) / 2 ** 32))
    const angle = (2 * Math.PI * next()) / 2 ** 32
    pool[i] = radius * Math.cos(angle)
    if (i + 1 < poolSize) pool[i + 1] = radius * Math.sin(angle)
  }
  return pool
}
