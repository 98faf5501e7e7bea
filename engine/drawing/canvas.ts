import type { Rgb } from './colours.ts'
import { type Box, boundsOf, distanceOf, type Shape } from './shape.ts'

/** What is painted: a shape and how it is filled. */
export interface Layer {
  readonly shape: Shape
  readonly colour: Rgb
  /** Opacity; 1 unless given. */
  readonly alpha?: number
  /** Half the width of the edge in pixels; 0.5, a crisp edge, unless given. */
  readonly soft?: number
  /** Lighter at the upper left of `box`, darker at its lower right, by half of `strength` each. */
  readonly shade?: { readonly strength: number; readonly box: Box }
  /** Turns into another colour between two heights. */
  readonly fade?: { readonly to: Rgb; readonly from: number; readonly until: number }
  /** A glow round the shape that falls to 1/e within this many pixels, in place of its edge. */
  readonly glow?: number
  /** Whether styles that draw lines draw the edge of this one. */
  readonly outlined: boolean
}

/** A square picture `[3, size, size]`, 0 to 1. */
export interface Canvas {
  readonly size: number
  readonly data: Float32Array
}

/** Pixels of a layer within the canvas: first and end column, first and end row. */
export interface Area {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

/** An empty canvas. */
export function newCanvas(size: number): Canvas {
  return { size, data: new Float32Array(3 * size * size) }
}

/** The pixels that lie in a shape or at most `margin` pixels off it. */
export function areaOf(shape: Shape, margin: number, size: number): Area {
  const [x0, y0, x1, y1] = boundsOf(shape)
  const inside = (value: number) => Math.min(size, Math.max(0, value))
  return {
    left: inside(Math.floor(x0 - margin)),
    right: inside(Math.ceil(x1 + margin)),
    top: inside(Math.floor(y0 - margin)),
    bottom: inside(Math.ceil(y1 + margin)),
  }
}

/** Paints every row with the colour of its height. */
export function paintRows({ size, data }: Canvas, colourAt: (y: number) => Rgb): void {
  for (let y = 0; y < size; y++) {
    const colour = colourAt(y + 0.5)
    for (let channel = 0; channel < 3; channel++) {
      const start = (channel * size + y) * size
      data.fill(colour[channel]!, start, start + size)
    }
  }
}

/** Beyond this many times its reach a glow is below a thousandth. */
const glowReach = 7

/** Paints a layer over what is there. Only the pixels near its shape are looked at. */
export function paintLayer({ size, data }: Canvas, layer: Layer): void {
  const { shape, colour, alpha = 1, soft = 0.5, shade, fade, glow } = layer
  const area = areaOf(shape, glow === undefined ? soft : glow * glowReach, size)
  const distance = distanceOf(shape)
  const plane = size * size
  const sloped = 1 / (2 * soft)
  const [shadeX, shadeY, shadeWidth, shadeHeight] = shade ? sides(shade.box) : [0, 0, 1, 1]
  const strength = shade?.strength ?? 0
  let [red, green, blue] = colour
  for (let row = area.top; row < area.bottom; row++) {
    const y = row + 0.5
    if (fade) {
      const share = clamp((y - fade.from) / (fade.until - fade.from))
      red = colour[0] + (fade.to[0] - colour[0]) * share
      green = colour[1] + (fade.to[1] - colour[1]) * share
      blue = colour[2] + (fade.to[2] - colour[2]) * share
    }
    const down = clamp((y - shadeY) / shadeHeight)
    for (let column = area.left; column < area.right; column++) {
      const x = column + 0.5
      const d = distance(x, y)
      const cover = glow === undefined ? clamp(0.5 - d * sloped) : Math.exp(-Math.max(d, 0) / glow)
      if (cover === 0) continue
      const opacity = alpha * cover
      const light = 1 + strength * (0.5 - (clamp((x - shadeX) / shadeWidth) + down) / 2)
      const at = row * size + column
      data[at] = data[at]! + (Math.min(1, red * light) - data[at]!) * opacity
      const next = at + plane
      data[next] = data[next]! + (Math.min(1, green * light) - data[next]!) * opacity
      const last = next + plane
      data[last] = data[last]! + (Math.min(1, blue * light) - data[last]!) * opacity
    }
  }
}

function sides([x0, y0, x1, y1]: Box): [number, number, number, number] {
  return [x0, y0, x1 - x0, y1 - y0]
}

function clamp(value: number): number {
  return value < 0 ? 0 : value > 1 ? 1 : value
}
