import { encodePng } from '../../engine/formats/picture.ts'

/** A PNG in which every pixel has a colour of its own: ramps to the right, down and across. */
export function rampPicture(width: number, height: number): Promise<Uint8Array> {
  return painted(width, height, 3, (x, y, channel) => [x, y, (x + y) / 2][channel]!)
}

/** A PNG that is white in the middle half of both axes and black around it. */
export function middleMask(width: number, height: number): Promise<Uint8Array> {
  const inside = (place: number) => place >= 0.25 && place < 0.75
  return painted(width, height, 1, (x, y) => Number(inside(x) && inside(y)))
}

/** `colour` gets the place of a pixel, 0 to below 1, and gives 0 to 1. */
function painted(
  width: number,
  height: number,
  channels: number,
  colour: (x: number, y: number, channel: number) => number,
): Promise<Uint8Array> {
  const data = new Float32Array(channels * width * height)
  for (let i = 0; i < data.length; i++) {
    const [x, y] = [i % width, Math.floor(i / width) % height]
    data[i] = colour(x / width, y / height, Math.floor(i / (width * height)))
  }
  return encodePng({ data, shape: [1, channels, height, width] })
}

/** A PNG whose header says another size, with a checksum that is right. */
export function statedPng(png: Uint8Array, width: number, height: number): Uint8Array {
  const bytes = Uint8Array.from(png)
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  view.setUint32(16, width)
  view.setUint32(20, height)
  view.setUint32(29, crc32(bytes.subarray(12, 29)))
  return bytes
}

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return ~crc >>> 0
}
