/**
 * Numpy's `SeedSequence`: a hash that spreads an entropy and a path of keys over 32-bit words.
 * Source: O'Neill 2015, "Developing a seed_seq alternative", with numpy's constants.
 */

const poolSize = 24
const poolFirst = 0x43b0d7e5
const poolFactor = 0x931e8875
const outFirst = 0x8b51f9dd
const outFactor = 0x58f38ded
const mixLeft = 0xca01f9dd
const mixRight = 0x4973f715

/** `SeedSequence(entropy, spawn_key=keys, pool_size=24).generate_state(count)`. */
export function seedSequence(entropy: bigint, keys: readonly number[], count: number): Uint32Array {
  const pool = seedPool(entropy, keys)
  let hash = outFirst
  return Uint32Array.from({ length: count }, (_, i) => {
    let word = (pool[i % poolSize] as number) ^ hash
    hash = Math.imul(hash, outFactor)
    word = Math.imul(word, hash)
    return word ^ (word >>> 16)
  })
}

/** The mixed pool of 24 words. Keys are integers from 0 to 2^53. */
export function seedPool(entropy: bigint, keys: readonly number[]): Uint32Array {
  const words = wordsOf(entropy)
  if (keys.length > 0) {
    while (words.length < poolSize) words.push(0)
    for (const key of keys) words.push(...wordsOf(BigInt(key)))
  }
  let constant = poolFirst
  const hashed = (value: number) => {
    const crossed = value ^ constant
    constant = Math.imul(constant, poolFactor)
    const mixed = Math.imul(crossed, constant)
    return mixed ^ (mixed >>> 16)
  }
  const pool = Uint32Array.from({ length: poolSize }, (_, i) => hashed(words[i] ?? 0))
  const blend = (target: number, source: number) => {
    const value = Math.imul(mixLeft, pool[target] as number) - Math.imul(mixRight, hashed(source))
    pool[target] = (value ^ (value >>> 16)) >>> 0
  }
  for (let source = 0; source < poolSize; source++) {
    for (let target = 0; target < poolSize; target++) {
      if (source !== target) blend(target, pool[source] as number)
    }
  }
  for (const word of words.slice(poolSize)) {
    for (let target = 0; target < poolSize; target++) blend(target, word)
  }
  return pool
}

/** The 32-bit words of an integer, low end first; one zero word for zero. */
function wordsOf(value: bigint): number[] {
  const words = [Number(value & 0xffffffffn)]
  for (let rest = value >> 32n; rest > 0n; rest >>= 32n) words.push(Number(rest & 0xffffffffn))
  return words
}
