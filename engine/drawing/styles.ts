import type { Canvas, Layer } from './canvas.ts'
import { alongStops, hex, luma, mixed, type Rgb } from './colours.ts'
import { glowLine, outlinesOf, penLine } from './outlines.ts'

/** Changes a finished picture in place. `layers` are what it was painted of. */
export type Style = (canvas: Canvas, layers: readonly Layer[]) => void

/** Ways to print a picture: what a style LoRA may learn. */
export const styles = {
  neon(canvas, layers) {
    const lines = outlinesOf(layers, glowLine, canvas.size)
    const [top, bottom, ground] = [hex('FF2FB3'), hex('27E6FF'), hex('0A0620')]
    recolour(canvas, (colour, x, y) => {
      const glow = lines[y * canvas.size + x]!
      const tube = mixed(top, bottom, y / (canvas.size - 1))
      return colour.map((value, i) => ground[i]! + 0.22 * value + tube[i]! * glow)
    })
  },
  ink(canvas, layers) {
    const lines = outlinesOf(layers, penLine, canvas.size)
    const [paper, ink] = [hex('F6EBD3'), hex('2B2340')]
    recolour(canvas, ([r, g, b], x, y) => {
      const wash = Math.min(3, Math.floor(luma(r, g, b) * 4)) / 3
      return mixed(ink, paper, (0.35 + 0.65 * wash) * (1 - lines[y * canvas.size + x]!))
    })
  },
  pixel(canvas) {
    const block = 4
    const across = canvas.size / block
    const means = blockMeans(canvas, block)
    recolour(canvas, (_, x, y) => {
      const at = Math.floor(y / block) * across + Math.floor(x / block)
      return [0, 1, 2].map((channel) => Math.round(means[channel * across * across + at]! * 4) / 4)
    })
  },
  riso(canvas) {
    const inks = [hex('1B2A5C'), hex('E8487F'), hex('FFE9B8')]
    recolour(canvas, ([r, g, b]) => alongStops(inks, luma(r, g, b)))
  },
  pastel(canvas) {
    recolour(canvas, ([r, g, b]) => {
      const grey = 0.45 * luma(r, g, b)
      return [r, g, b].map((value) => 0.45 + 0.55 * (0.55 * value + grey))
    })
  },
  stripes(canvas) {
    recolour(canvas, (colour, _, y) =>
      colour.map((value) => ((y >> 3) % 2 === 0 ? 0.78 * value : value + 0.18 * (1 - value))),
    )
  },
} as const satisfies Record<string, Style>

/** A style of the table. */
export type StyleName = keyof typeof styles
/** All of them, in the order of the table. */
export const styleNames = Object.keys(styles) as StyleName[]

function recolour(
  { size, data }: Canvas,
  change: (colour: Rgb, x: number, y: number) => readonly number[],
): void {
  const plane = size * size
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const at = y * size + x
      const changed = change([data[at]!, data[at + plane]!, data[at + 2 * plane]!], x, y)
      for (let channel = 0; channel < 3; channel++) {
        data[channel * plane + at] = Math.min(1, Math.max(0, changed[channel]!))
      }
    }
  }
}

/** Means of square blocks, `[3, size / block, size / block]`. */
function blockMeans({ size, data }: Canvas, block: number): Float32Array {
  const across = size / block
  const means = new Float32Array(3 * across * across)
  for (let line = 0; line < 3 * size; line++) {
    const [channel, y] = [Math.floor(line / size), line % size]
    const row = (channel * across + Math.floor(y / block)) * across
    for (let x = 0; x < size; x++) {
      const at = row + Math.floor(x / block)
      means[at] = means[at]! + data[line * size + x]! / (block * block)
    }
  }
  return means
}
