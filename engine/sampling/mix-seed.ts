/**
 * One number out of several: the seed of a stream that belongs to one purpose, step and picture.
 * Streams of different parts have nothing in common, and no generator has to be kept between
 * steps. FNV-1a over the bytes of the parts, then the finalizer of MurmurHash3.
 * @returns a whole number from 0 to 2^32 - 1.
 */
export function mixSeed(seed: number, ...parts: readonly (number | string)[]): number {
  let hash = 0x811c9dc5
  const eat = (byte: number) => {
    hash = Math.imul(hash ^ byte, 0x01000193)
  }
  for (const part of [seed, ...parts]) {
    const text = typeof part === 'number' ? `#${part}` : `$${part}`
    for (let i = 0; i < text.length; i++) {
      eat(text.charCodeAt(i) & 255)
      eat(text.charCodeAt(i) >>> 8)
    }
    eat(0)
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
