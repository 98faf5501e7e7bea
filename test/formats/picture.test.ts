import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { FormatError, messageOf } from '../../engine/errors.ts'
import { decodePicture, encodeJpeg, encodePng } from '../../engine/formats/picture.ts'
import { seeded } from '../support/seeded.ts'

const [width, height] = [13, 7]
const bytes = seeded(1).bytes(width * height * 3)
const source = () => sharp(bytes, { raw: { width, height, channels: 3 } })
const planar = (channels: number, all: ArrayLike<number>, first: number, count: number) =>
  Float32Array.from({ length: count * width * height }, (_, i) => {
    const channel = Math.floor(i / (width * height))
    return all[(i % (width * height)) * channels + first + channel]! / 255
  })
const image = { data: planar(3, bytes, 0, 3), shape: [1, 3, height, width] }

async function refusal(file: string, content: Uint8Array): Promise<string> {
  const error = await decodePicture(file, content).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(FormatError)
  return messageOf(error)
}

describe('a picture', () => {
  it.each([
    ['PNG', () => source().png()],
    ['palette of PNG', () => source().png({ palette: true, colours: 256, dither: 0 })],
    ['WebP', () => source().webp({ lossless: true })],
    ['AVIF', () => source().avif({ lossless: true, chromaSubsampling: '4:4:4' })],
    ['PNG with a profile of sRGB', () => source().withIccProfile('srgb').png()],
  ])('without loss gives every byte divided by 255: %s', async (_, encode) => {
    expect(await decodePicture('a', await encode().toBuffer())).toEqual({ image })
  })

  it('in JPEG is near what it was', async () => {
    const flat = sharp({ create: { width: 32, height: 16, channels: 3, background: '#c08040' } })
    const decoded = await decodePicture('a', await flat.jpeg({ quality: 95 }).toBuffer())
    expect(decoded.image.shape).toEqual([1, 3, 16, 32])
    const found = [0, 512, 1024].map((at) => Math.round(decoded.image.data[at]! * 255))
    for (const [i, value] of [0xc0, 0x80, 0x40].entries()) {
      expect(Math.abs(found[i]! - value)).toBeLessThanOrEqual(2)
    }
  })

  it('has its transparency apart, and its colours kept below it', async () => {
    const rgba = seeded(2).bytes(width * height * 4)
    const png = await sharp(rgba, { raw: { width, height, channels: 4 } })
      .png()
      .toBuffer()
    expect(await decodePicture('a', png)).toEqual({
      image: { data: planar(4, rgba, 0, 3), shape: [1, 3, height, width] },
      alpha: { data: planar(4, rgba, 3, 1), shape: [1, 1, height, width] },
    })
  })

  it('in grey has three equal channels', async () => {
    const grey = seeded(3).bytes(width * height)
    const png = await sharp(grey, { raw: { width, height, channels: 1 } })
      .png()
      .toBuffer()
    const plane = [...planar(1, grey, 0, 1)]
    expect([...(await decodePicture('a', png)).image.data]).toEqual([...plane, ...plane, ...plane])
  })

  it('stands upright as the camera noted', async () => {
    const turned = await source().jpeg({ quality: 100 }).withMetadata({ orientation: 6 }).toBuffer()
    const plain = await decodePicture('a', await source().jpeg({ quality: 100 }).toBuffer())
    const upright = await decodePicture('a', turned)
    expect(upright.image.shape).toEqual([1, 3, width, height])
    // A quarter turn to the right: the first row is the first column from below.
    const row = Array.from({ length: height }, (_, x) => upright.image.data[x])
    const column = Array.from(
      { length: height },
      (_, x) => plain.image.data[(height - 1 - x) * width],
    )
    expect(row).toEqual(column)
  })

  it('returns bit by bit from PNG', async () => {
    expect(await decodePicture('a', await encodePng(image))).toEqual({ image })
  })

  it('of a batch or of a mask is encoded too', async () => {
    const mask = { data: Float32Array.of(0, 1, 0.5, 0.25), shape: [2, 1, 1, 2] }
    const { data } = (await decodePicture('a', await encodePng(mask, 1))).image
    expect([...data]).toEqual([128, 64, 128, 64, 128, 64].map((v) => Math.fround(v / 255)))
    expect((await decodePicture('a', await encodeJpeg(mask, 1))).image.shape).toEqual([1, 3, 1, 2])
    await expect(encodePng(mask, 2)).rejects.toThrow('image: item 2 wanted, 2 given')
  })

  it('is clamped and rounded to the nearest byte', async () => {
    const values = [-1, 2, Number.NaN, 0.4 / 255, 0.6 / 255, 254.6 / 255]
    const wide = { data: Float32Array.from(values), shape: [1, 1, 1, 6] }
    const { data } = (await decodePicture('a', await encodePng(wide))).image
    expect([...data.subarray(0, 6)].map((v) => Math.round(v * 255))).toEqual([0, 255, 0, 0, 1, 255])
  })

  it.each([
    ['an empty file', new Uint8Array()],
    ['a text', new TextEncoder().encode('a cat on a mat')],
    ['a web page', new TextEncoder().encode('<!DOCTYPE html><p>gone')],
    ['an SVG', new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg"/>')],
    ['a GIF', new TextEncoder().encode('GIF89a')],
    ['a PDF', new TextEncoder().encode('%PDF-1.7')],
    ['an unknown kind of file', Uint8Array.of(1, 2, 3, 4)],
    ['a safetensors file', new TextEncoder().encode('\x02\0\0\0\0\0\0\0{"a"')],
  ])('is asked for where there is %s', async (kind, content) => {
    expect(await refusal('cat.png', content)).toBe(
      `cat.png: this is ${kind}, a PNG, JPEG, WebP or AVIF picture expected`,
    )
  })

  it.each([
    'png',
    'jpeg',
    'webp',
    'avif',
  ] as const)('is refused when it is cut off: %s', async (format) => {
    const noise = sharp(seeded(4).bytes(64 * 64 * 3), {
      raw: { width: 64, height: 64, channels: 3 },
    })
    const whole = await noise.toFormat(format).toBuffer()
    for (const part of [0.1, 0.5, 0.9]) {
      const message = await refusal('cat', whole.subarray(0, Math.floor(whole.length * part)))
      expect(message).toMatch(/^cat: this is an? \w+ that cannot be decoded \(.+\), a PNG, JPEG/)
    }
  })

  it('is refused above its limit of pixels, before it is decoded', async () => {
    const png = Buffer.from(await encodePng(image))
    png.writeUInt32BE(30_000, 16)
    png.writeUInt32BE(20_000, 20)
    png.writeUInt32BE((await import('node:zlib')).crc32(png.subarray(12, 29)), 29)
    expect(await refusal('big.png', png)).toBe(
      'big.png: 30000 x 20000 is 600000000 pixels, at most 67108864 can be read',
    )
  })

  it('never ends the process, whatever its bytes', async () => {
    const whole = await Promise.all(
      [source().png(), source().jpeg(), source().webp()].map((s) => s.toBuffer()),
    )
    for (let seed = 0; seed < 150; seed++) {
      const { below, bytes: randomBytes, pick } = seeded(seed)
      const changed = new Uint8Array(pick(whole))
      for (let i = 0; i < 5; i++) changed.set(randomBytes(1), below(changed.length))
      const found = await decodePicture('cat', changed).catch((error: unknown) => error)
      if (found instanceof Error) expect(found).toBeInstanceOf(FormatError)
    }
  })
})
