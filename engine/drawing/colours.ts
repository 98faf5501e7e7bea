/** Red, green and blue, 0 to 1, as stored in a picture file (sRGB). */
export type Rgb = readonly [number, number, number]

/** The colour of six hexadecimal digits. */
export function hex(digits: string): Rgb {
  const value = Number.parseInt(digits, 16)
  return [(value >> 16) / 255, ((value >> 8) & 255) / 255, (value & 255) / 255]
}

/** Colour names that captions use. */
export const objectColours = {
  red: hex('E23B42'),
  orange: hex('F58220'),
  yellow: hex('F9D12F'),
  green: hex('3BA34F'),
  blue: hex('2F72F0'),
  purple: hex('8A4FD6'),
  pink: hex('F47CBB'),
  white: hex('F5F2EA'),
} as const satisfies Record<string, Rgb>

/** A colour of the captions. */
export type ColourName = keyof typeof objectColours
/** All of them, in the order of the table. */
export const colourNames = Object.keys(objectColours) as ColourName[]

/** The colour times a tint, channel by channel. */
export function tinted(colour: Rgb, tint: Rgb): Rgb {
  return [colour[0] * tint[0], colour[1] * tint[1], colour[2] * tint[2]]
}

/** The colour times a number, at most 1. */
export function scaled([r, g, b]: Rgb, factor: number): Rgb {
  return [Math.min(1, r * factor), Math.min(1, g * factor), Math.min(1, b * factor)]
}

/** From one colour to another: 0 the first, 1 the second. */
export function mixed(from: Rgb, to: Rgb, share: number): Rgb {
  const at = (i: 0 | 1 | 2) => from[i] + (to[i] - from[i]) * share
  return [at(0), at(1), at(2)]
}

/** The colour at `share` (0 to 1) along stops that lie at equal distances. */
export function alongStops(stops: readonly Rgb[], share: number): Rgb {
  const place = Math.min(1, Math.max(0, share)) * (stops.length - 1)
  const index = Math.min(stops.length - 2, Math.floor(place))
  return mixed(stops[index]!, stops[index + 1]!, place - index)
}

/** Brightness as the eye weighs it (ITU-R BT.601). */
export function luma(r: number, g: number, b: number): number {
  return 0.299 * r + 0.587 * g + 0.114 * b
}
