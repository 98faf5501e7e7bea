import { deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { FormatError, messageOf } from '../../engine/errors.ts'
import { decodePicture, encodePng } from '../../engine/formats/picture.ts'
import { addPngText, readPngText } from '../../engine/formats/png-text.ts'
import { seeded } from '../support/seeded.ts'

const image = { data: Float32Array.of(0, 0.2, 1), shape: [1, 3, 1, 1] }
const png = await encodePng(image)
const types = (bytes: Uint8Array) =>
  [
    ...Buffer.from(bytes)
      .toString('latin1')
      .matchAll(/[A-Z]HDR|[ti]TXt|tEXt|IDAT|IEND/g),
  ].map(String)

describe('texts in a PNG', () => {
  it('are read back as they were added, in their order', () => {
    for (let seed = 0; seed < 100; seed++) {
      const { below, text } = seeded(seed)
      const texts = Array.from({ length: below(4) }, (_, i) => ({
        keyword: `key ${i}`,
        text: `${text(40)}\n${text(40)}`,
      }))
      expect(readPngText('cat.png', addPngText('cat.png', png, texts))).toEqual(texts)
    }
  })

  it('stand before the picture, plain where latin-1 holds them', () => {
    const both = addPngText('cat.png', png, [
      { keyword: 'parameters', text: 'café, 20 steps' },
      { keyword: 'workflow', text: '{"text":"猫"}' },
    ])
    expect(types(both)).toEqual(['IHDR', 'tEXt', 'iTXt', 'IDAT', 'IEND'])
  })

  it('leave the picture as it is, for other readers too', async () => {
    const text = '{"text":"猫 and café"}'
    const added = addPngText('cat.png', png, [{ keyword: 'workflow', text }])
    expect((await decodePicture('cat.png', added)).image).toEqual(
      (await decodePicture('cat.png', png)).image,
    )
    const { comments } = await sharp(added).metadata()
    expect(comments).toEqual([{ keyword: 'workflow', text }])
  })

  it('are kept when others are added', () => {
    const one = addPngText('cat.png', png, [{ keyword: 'a', text: '1' }])
    const two = addPngText('cat.png', one, [{ keyword: 'b', text: '2' }])
    expect(readPngText('cat.png', two).map(({ keyword }) => keyword)).toEqual(['a', 'b'])
  })

  it('are unpacked where another program packed them', () => {
    const long = 'a cat on a mat, '.repeat(2000)
    const added = addPngText('cat.png', png, [{ keyword: 'Comment', text: 'x' }])
    const at = Buffer.from(added).indexOf('tEXt') - 4
    const rest = added.subarray(at + 12 + 'Comment\0x'.length)
    const packed = Buffer.concat([
      added.subarray(0, at),
      chunk('zTXt', Buffer.from('Comment\0\0'), deflateSync(long)),
      chunk('iTXt', Buffer.from('Comment\0\x01\0en\0Bemerkung\0'), deflateSync('猫')),
      rest,
    ])
    expect(readPngText('cat.png', packed)).toEqual([
      { keyword: 'Comment', text: long },
      { keyword: 'Comment', text: '猫' },
    ])
  })

  it.each([
    ['', 'x', 'keyword "", 1 to 79 latin-1 characters expected'],
    ['k'.repeat(80), 'x', `keyword "${'k'.repeat(80)}", 1 to 79 latin-1 characters expected`],
    ['猫', 'x', 'keyword "猫", 1 to 79 latin-1 characters expected'],
    ['a', 'b\0c', 'text "a" has a null character at 1, none expected'],
  ])('are refused where PNG cannot hold them: %j %j', (keyword, text, message) => {
    expect(() => addPngText('cat.png', png, [{ keyword, text }])).toThrow(
      new FormatError(`cat.png: ${message}`),
    )
  })

  it('never crash their reader, whatever the bytes', () => {
    const whole = addPngText('cat.png', png, [
      { keyword: 'parameters', text: 'a cat' },
      { keyword: 'workflow', text: '猫' },
    ])
    for (let seed = 0; seed < 2000; seed++) {
      const { below, bytes: randomBytes } = seeded(seed)
      const bytes = whole.slice(0, below(4) ? whole.length : below(whole.length))
      for (let i = 0; i < 2 && bytes.length > 0; i++) bytes.set(randomBytes(1), below(bytes.length))
      try {
        readPngText('cat.png', bytes)
      } catch (error) {
        expect(messageOf(error)).toMatch(/^cat\.png: /)
        expect(error).toBeInstanceOf(FormatError)
      }
    }
  })
})

/** A chunk built as the standard says, apart from the code that is tested. */
function chunk(type: string, ...parts: Uint8Array[]): Uint8Array {
  const data = Buffer.concat(parts)
  const bytes = Buffer.alloc(12 + data.length)
  bytes.writeUInt32BE(data.length)
  bytes.write(type, 4)
  bytes.set(data, 8)
  bytes.writeUInt32BE(slowCrc(bytes.subarray(4, 8 + data.length)), 8 + data.length)
  return bytes
}

/** CRC-32 bit by bit, as the PNG standard defines it. */
function slowCrc(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  }
  return ~crc >>> 0
}
