import type { Image } from '../../sockets.ts'
import { glyphHeight, glyphWidth, hasDot } from './glyphs.ts'
import type { Plane } from './plane.ts'

/** A picture that is drawn on: `[3, height, width]`, 0 to 1. */
export interface Canvas {
  readonly data: Float32Array
  readonly width: number
  readonly height: number
}

/** Red, green and blue, 0 to 1. */
export type Colour = readonly [number, number, number]

/** A rectangle in pixels. */
export interface Box {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

/** A canvas of one colour. */
export function newCanvas(width: number, height: number, colour: Colour): Canvas {
  const canvas = { data: new Float32Array(3 * width * height), width, height }
  fillBox(canvas, { left: 0, top: 0, width, height }, colour)
  return canvas
}

/** The canvas as a picture `[1, 3, height, width]`; it shares the numbers. */
export function imageOf({ data, width, height }: Canvas): Image {
  return { data, shape: [1, 3, height, width] }
}

/** Fills a rectangle; what lies outside the canvas is left out. `opacity` 0 to 1. */
export function fillBox(canvas: Canvas, box: Box, colour: Colour, opacity = 1): void {
  const [left, right] = span(box.left, box.width, canvas.width)
  const [top, bottom] = span(box.top, box.height, canvas.height)
  for (const [channel, value] of colour.entries()) {
    for (let y = top; y < bottom; y++) {
      const row = (channel * canvas.height + y) * canvas.width
      for (let i = row + left; i < row + right; i++) {
        canvas.data[i]! += opacity * (value - canvas.data[i]!)
      }
    }
  }
}

/** Draws a frame of `thickness` within a rectangle. */
export function drawFrame(canvas: Canvas, box: Box, thickness: number, colour: Colour): void {
  const { left, top, width, height } = box
  const inner = height - 2 * thickness
  fillBox(canvas, { left, top, width, height: thickness }, colour)
  fillBox(canvas, { left, top: top + height - thickness, width, height: thickness }, colour)
  fillBox(canvas, { left, top: top + thickness, width: thickness, height: inner }, colour)
  const right = left + width - thickness
  fillBox(canvas, { left: right, top: top + thickness, width: thickness, height: inner }, colour)
}

/** Puts three planes of one size on the canvas, wholly inside. */
export function drawPlanes(
  canvas: Canvas,
  planes: readonly [Plane, Plane, Plane],
  left: number,
  top: number,
): void {
  for (const [channel, { data, width, height }] of planes.entries()) {
    for (let y = 0; y < height; y++) {
      const row = (channel * canvas.height + top + y) * canvas.width + left
      canvas.data.set(data.subarray(y * width, (y + 1) * width), row)
    }
  }
}

/** Where text begins, how large its dots are, and its colour. */
export interface TextStyle {
  readonly left: number
  readonly top: number
  /** Pixels of a dot: a letter is 5 dots wide and 8 high. */
  readonly scale: number
  readonly colour: Colour
}

/** Writes a line of text. */
export function drawText(canvas: Canvas, text: string, { scale, ...style }: TextStyle): void {
  for (const [index, letter] of [...text].entries()) {
    const left = style.left + index * (glyphWidth + 1) * scale
    for (let y = 0; y < glyphHeight; y++) {
      for (let x = 0; x < glyphWidth; x++) {
        if (!hasDot(letter, x, y)) continue
        const dot = { left: left + x * scale, top: style.top + y * scale }
        fillBox(canvas, { ...dot, width: scale, height: scale }, style.colour)
      }
    }
  }
}

/** Pixels that a line of text takes. */
export function textWidth(text: string, scale: number): number {
  return Math.max(0, [...text].length * (glyphWidth + 1) - 1) * scale
}

function span(start: number, length: number, limit: number): [number, number] {
  return [Math.max(0, start), Math.min(limit, start + length)]
}
