import { request } from 'node:http'
import { crc32, deflateSync } from 'node:zlib'
import sharp from 'sharp'

/** Uploads that lie, burst or break off. */

/** A sound PNG of 8 x 8. */
export function smallPicture(): Promise<Buffer> {
  const background = { r: 200, g: 40, b: 90 }
  return sharp({ create: { width: 8, height: 8, channels: 3, background } })
    .png()
    .toBuffer()
}

/** A sound PNG in black of so many pixels a side: small as a file, huge once it is decoded. */
export function pictureBomb(side: number): Buffer {
  const head = Buffer.alloc(13)
  head.writeUInt32BE(side, 0)
  head.writeUInt32BE(side, 4)
  // One bit a pixel, grey.
  head[8] = 1
  const rows = Buffer.alloc(side * (1 + Math.ceil(side / 8)))
  const data = deflateSync(rows, { level: 9 })
  const mark = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  return Buffer.concat([mark, chunk('IHDR', head), chunk('IDAT', data), chunk('IEND', Buffer.of())])
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data])
  const numbers = Buffer.alloc(8)
  numbers.writeUInt32BE(data.length, 0)
  numbers.writeUInt32BE(crc32(body), 4)
  return Buffer.concat([numbers.subarray(0, 4), body, numbers.subarray(4)])
}

/** Weights whose header says that it is longer than any file. */
export function hugeHeader(): Buffer {
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(2n ** 62n)
  return Buffer.concat([length, Buffer.from('{}')])
}

/** Weights that end before their tensor does. */
export function cutWeights(): Buffer {
  const tensor = { dtype: 'F32', shape: [1000], data_offsets: [0, 4000] }
  const header = Buffer.from(JSON.stringify({ 'unet.weight': tensor }))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(header.length))
  return Buffer.concat([length, header, Buffer.alloc(400)])
}

/** The status that answers an upload which so far has only said how large it is. */
export function announced(port: number, path: string, bytes: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const headers = { 'content-length': String(bytes) }
  const sending = request({ host: '127.0.0.1', port, method: 'PUT', path, headers })
  sending.on('response', ({ statusCode }) => resolve(statusCode!)).on('error', reject)
  sending.write('the beginning')
  return promise.finally(() => sending.destroy())
}

/** Sends a part of an upload and cuts the connection. */
export async function brokenOff(port: number, path: string, part: Uint8Array): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const headers = { 'content-length': '1000000' }
  const sending = request({ host: '127.0.0.1', port, method: 'PUT', path, headers })
  sending.on('error', () => undefined).on('close', resolve)
  sending.write(part, () => setTimeout(() => sending.destroy(), 100))
  await promise
}
