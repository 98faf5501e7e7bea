/** Width and height of a picture from its first bytes, upright. Nothing is decoded. */
export interface PictureSize {
  readonly width: number
  readonly height: number
}

/** Bytes that hold the size of nearly all pictures; a camera puts a small one before it. */
export const headBytes = 2 ** 17

/** The size that a PNG, JPEG, WebP or AVIF states; undefined where these bytes do not tell. */
export function pictureSize(bytes: Uint8Array): PictureSize | undefined {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  try {
    const found = readers.find(({ begins }) => begins(view))?.read(view)
    return found && found.width > 0 && found.height > 0 ? found : undefined
  } catch (thrown) {
    // The bytes end before what they promise.
    if (thrown instanceof RangeError) return undefined
    throw thrown
  }
}

interface SizeReader {
  readonly begins: (bytes: Buffer) => boolean
  readonly read: (bytes: Buffer) => PictureSize | undefined
}

const readers: readonly SizeReader[] = [
  {
    begins: (bytes) => at(bytes, 0, '\x89PNG'),
    read: (bytes) => ({ width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) }),
  },
  { begins: (bytes) => at(bytes, 0, '\xff\xd8\xff'), read: jpegSize },
  { begins: (bytes) => at(bytes, 0, 'RIFF') && at(bytes, 8, 'WEBP'), read: webpSize },
  { begins: (bytes) => at(bytes, 4, 'ftyp'), read: avifSize },
]

function at(bytes: Buffer, position: number, text: string): boolean {
  return bytes.toString('latin1', position, position + text.length) === text
}

/** Walks the segments to the frame header; Exif orientations from 5 on lie on their side. */
function jpegSize(bytes: Buffer): PictureSize | undefined {
  let turned = false
  for (let place = 2; bytes[place] === 0xff; ) {
    const marker = bytes.readUInt8(place + 1)
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)
    if (isFrame) {
      const [height, width] = [bytes.readUInt16BE(place + 5), bytes.readUInt16BE(place + 7)]
      return turned ? { width: height, height: width } : { width, height }
    }
    if (marker === 0xe1 && at(bytes, place + 4, 'Exif\0\0')) {
      turned = orientation(bytes.subarray(place + 10)) >= 5
    }
    place += 2 + bytes.readUInt16BE(place + 2)
  }
  return undefined
}

function orientation(tiff: Buffer): number {
  const little = at(tiff, 0, 'II')
  const short = (place: number) => (little ? tiff.readUInt16LE(place) : tiff.readUInt16BE(place))
  const first = little ? tiff.readUInt32LE(4) : tiff.readUInt32BE(4)
  for (let entry = 0; entry < short(first); entry++) {
    const place = first + 2 + 12 * entry
    if (short(place) === 0x0112) return short(place + 8)
  }
  return 1
}

function webpSize(bytes: Buffer): PictureSize | undefined {
  if (at(bytes, 12, 'VP8X')) {
    return { width: 1 + bytes.readUIntLE(24, 3), height: 1 + bytes.readUIntLE(27, 3) }
  }
  if (at(bytes, 12, 'VP8L')) {
    const bits = bytes.readUInt32LE(21)
    return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff) }
  }
  if (!at(bytes, 12, 'VP8 ')) return undefined
  return { width: bytes.readUInt16LE(26) & 0x3fff, height: bytes.readUInt16LE(28) & 0x3fff }
}

/** The first image extent; that of a tile or of transparency is never before it. */
function avifSize(bytes: Buffer): PictureSize | undefined {
  const place = bytes.indexOf('ispe', 0, 'latin1')
  if (place < 0) return undefined
  return { width: bytes.readUInt32BE(place + 8), height: bytes.readUInt32BE(place + 12) }
}
