import type { TorchRandom } from '../../sampling/torch-random.ts'
import { stripHeight, stripWidth } from './strip.ts'

/** Farthest that a strip is moved, in its pixels. */
const farthest = 3

/** How far to move a strip. */
export function drawShift(random: TorchRandom): { readonly right: number; readonly down: number } {
  const [right, down] = random.integers(2, 2 * farthest + 1)
  return { right: right! - farthest, down: down! - farthest }
}

/**
 * Makes a drawn strip look like a generated one, in place: softer, with noise, and a little off in
 * brightness and colour.
 */
export function roughen(strip: Float32Array, random: TorchRandom): void {
  const [blur, loudness, gain] = [...random.uniform(3)] as [number, number, number]
  if (blur > 0.3) soften(strip, blur)
  if (blur > 0.8) soften(strip, 1)
  const tints = random.uniformBetween(3, -0.08, 0.08)
  const noise = random.normal(strip.length)
  const plane = stripHeight * stripWidth
  strip.forEach((value, i) => {
    const tinted = value * (0.9 + 0.2 * gain) + tints[Math.floor(i / plane)]!
    strip[i] = tinted + 0.12 * loudness * noise[i]!
  })
}

/** Mixes `share` of a 3 x 3 binomial mean in. */
function soften(strip: Float32Array, share: number): void {
  const before = strip.slice()
  for (let channel = 0; channel < 3; channel++) {
    for (let y = 1; y < stripHeight - 1; y++) {
      for (let x = 1; x < stripWidth - 1; x++) {
        const at = (channel * stripHeight + y) * stripWidth + x
        const row = (start: number) => before[start - 1]! + 2 * before[start]! + before[start + 1]!
        const mean = (row(at - stripWidth) + 2 * row(at) + row(at + stripWidth)) / 16
        strip[at] = before[at]! + (mean - before[at]!) * share
      }
    }
  }
}
