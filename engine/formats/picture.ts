import sharp, { type Sharp } from 'sharp'
import { FormatError, messageOf } from '../errors.ts'
import type { Image, Mask, NumericTensor } from '../sockets.ts'
import { nameOfBytes } from './sniff.ts'

/**
 * Picture files to numbers and back. A byte v is v / 255, and back the nearest byte, so that
 * 8-bit values survive exactly. Pictures with a colour profile are converted to sRGB, animations
 * give their first frame, 16-bit files are read with 8 bits.
 */

/** A decoded file. */
export interface Picture {
  /** `[1, 3, height, width]`, upright: the orientation that a camera notes is applied. */
  readonly image: Image
  /** `[1, 1, height, width]`, 1 opaque; only where the file has transparency. */
  readonly alpha?: Mask
}

/** Limit of a picture's width times height: 8192 squared, above any that SD works on. */
export const maxPixels = 8192 * 8192

/**
 * Interpolation. Enlarging knows nearest, linear and cubic: the others are cubic there.
 * Shrinking averages with the kernel's width scaled, so nothing is skipped, except by nearest.
 */
export const resizeKernels = [
  'nearest',
  'linear',
  'cubic',
  'mitchell',
  'lanczos2',
  'lanczos3',
] as const
export type ResizeKernel = (typeof resizeKernels)[number]

const expected = 'a PNG, JPEG, WebP or AVIF picture expected'
const readable: readonly string[] = ['a PNG', 'a JPEG', 'a WebP', 'an AVIF']

/** What the header of a picture says. */
export interface PictureHeader {
  /** Pixels of the picture upright. */
  readonly width: number
  readonly height: number
  readonly hasAlpha: boolean
}

/** Bytes of a picture, `channels` a pixel: red, green, blue and, with 4, opacity. */
export interface PictureBytes {
  readonly data: Uint8Array
  readonly width: number
  readonly height: number
  readonly channels: number
}

/**
 * Decodes a PNG, JPEG, WebP or AVIF. Colours of transparent pixels are kept as they are.
 * `file` names it in the FormatError for another kind of file, a damaged or a too large one.
 */
export async function decodePicture(file: string, bytes: Uint8Array): Promise<Picture> {
  const found = await decodePictureBytes(file, bytes)
  const image = planes(found, 0, 3)
  return found.channels === 4 ? { image, alpha: planes(found, 3, 1) } : { image }
}

/** Decodes as `decodePicture` does, to bytes: a quarter of the memory. */
export async function decodePictureBytes(file: string, bytes: Uint8Array): Promise<PictureBytes> {
  await readPictureHeader(file, bytes)
  return explained(file, bytes, async () => {
    const { data, info } = await sharp(bytes, { failOn: 'error', limitInputPixels: maxPixels })
      .autoOrient()
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true })
    return { data, width: info.width, height: info.height, channels: info.channels }
  })
}

/** Reads a header without decoding pixels. Throws as `decodePicture`; damage may lie further on. */
export async function readPictureHeader(file: string, bytes: Uint8Array): Promise<PictureHeader> {
  const kind = nameOfBytes(bytes)
  if (!readable.includes(kind)) throw new FormatError(`${file}: this is ${kind}, ${expected}`)
  return explained(file, bytes, async () => {
    const found = await sharp(bytes, { limitInputPixels: false }).metadata()
    const { width, height } = found.autoOrient
    if (width * height > maxPixels) {
      const size = `${width} x ${height} is ${width * height} pixels`
      throw new FormatError(`${file}: ${size}, at most ${maxPixels} can be read`)
    }
    return { width, height, hasAlpha: found.hasAlpha }
  })
}

async function explained<T>(file: string, bytes: Uint8Array, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (cause) {
    if (cause instanceof FormatError) throw cause
    const [reason] = messageOf(cause).split('\n')
    throw new FormatError(
      `${file}: this is ${nameOfBytes(bytes)} that cannot be decoded (${reason}), ${expected}`,
      { cause },
    )
  }
}

/**
 * One item of `[batch, 3 or 1, height, width]` as PNG, 8 bits, without metadata.
 * Values beyond 0 to 1 are clamped; what is not a number becomes 0.
 */
export async function encodePng(image: NumericTensor, item = 0): Promise<Uint8Array> {
  return sharpOf(image, item).png().toBuffer()
}

/**
 * An SVG drawing in pixels of its own size, on white. Draw letters as paths: there may be no font.
 * Throws a FormatError for a drawing that is none.
 */
export async function renderSvg(svg: string): Promise<Image> {
  try {
    const { data, info } = await sharp(Buffer.from(svg), { limitInputPixels: maxPixels })
      .flatten({ background: '#ffffff' })
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true })
    const { width, height, channels } = info
    return planes({ data, width, height, channels }, 0, 3)
  } catch (cause) {
    const [reason] = messageOf(cause).split('\n')
    throw new FormatError(`drawing: cannot be rendered (${reason}), SVG expected`, { cause })
  }
}

/** One item as JPEG, for previews; `quality` is 1 to 100. */
export async function encodeJpeg(
  image: NumericTensor,
  item = 0,
  quality = 80,
): Promise<Uint8Array> {
  return sharpOf(image, item).jpeg({ quality }).toBuffer()
}

/** How a picture for the screen is written. */
export interface WebpOptions {
  /** 1 to 100; 85 unless given. */
  readonly quality?: number
  /** Longest side in pixels: a larger picture is made smaller. */
  readonly maxSide?: number
}

/** A picture for the screen. */
export interface SmallPicture {
  /** WebP. */
  readonly bytes: Uint8Array
  readonly width: number
  readonly height: number
}

/** One item as WebP with losses, for looking at. Clamped as by `encodePng`. */
export async function encodeWebp(
  image: NumericTensor,
  item = 0,
  options: WebpOptions = {},
): Promise<SmallPicture> {
  return webp(sharpOf(image, item), options)
}

/**
 * A picture file as WebP of at most `size` pixels a side, upright. Throws as `decodePicture`, for
 * a file that is damaged anywhere: it is read to its end.
 */
export async function thumbnailOf(
  file: string,
  bytes: Uint8Array,
  size: number,
): Promise<SmallPicture> {
  await readPictureHeader(file, bytes)
  return explained(file, bytes, () => {
    const picture = sharp(bytes, { failOn: 'error', limitInputPixels: maxPixels }).autoOrient()
    return webp(picture.toColourspace('srgb'), { maxSide: size })
  })
}

async function webp(picture: Sharp, { quality = 85, maxSide }: WebpOptions): Promise<SmallPicture> {
  const sized = maxSide
    ? picture.resize(maxSide, maxSide, { fit: 'inside', withoutEnlargement: true })
    : picture
  const { data, info } = await sized.webp({ quality }).toBuffer({ resolveWithObject: true })
  return { bytes: data, width: info.width, height: info.height }
}

/**
 * Every plane of `[batch, channels, height, width]` at another size, distorted where the aspect
 * differs; clamped to 0 to 1. Computed with 16 bits and kernels of 12, so a value is off by up to
 * 0.0005, a quarter of what 8 bits tell apart. At its own size it is returned as it is.
 * Does not check the size: see `resizePicture`.
 */
export async function resamplePicture(
  picture: NumericTensor,
  width: number,
  height: number,
  kernel: ResizeKernel,
): Promise<NumericTensor> {
  const [batch = 0, channels = 0, fromHeight = 0, fromWidth = 0] = picture.shape
  if (width === fromWidth && height === fromHeight) return picture
  const area = width * height
  const data = new Float32Array(batch * channels * area)
  for (let plane = 0; plane < batch * channels; plane++) {
    const start = plane * fromWidth * fromHeight
    const pixels = toUint16(picture.data.subarray(start, start + fromWidth * fromHeight))
    const raw = { width: fromWidth, height: fromHeight, channels: 1 as const }
    const resized = await sharp(pixels, { raw })
      .resize(width, height, { fit: 'fill', kernel })
      .toColourspace('grey16')
      .raw({ depth: 'ushort' })
      .toBuffer()
    const values = new Uint16Array(new Uint8Array(resized).buffer)
    for (let i = 0; i < area; i++) data[plane * area + i] = values[i]! / 65535
  }
  return { data, shape: [batch, channels, height, width] }
}

function toUint16(values: Float32Array): Uint16Array {
  const pixels = new Uint16Array(values.length)
  for (let i = 0; i < values.length; i++) {
    pixels[i] = Math.round(Math.min(1, Math.max(0, values[i]!)) * 65535)
  }
  return pixels
}

function sharpOf(image: NumericTensor, item: number): Sharp {
  const [batch = 0, channels = 0, height = 0, width = 0] = image.shape
  if (channels !== 1 && channels !== 3) {
    throw new FormatError(`image: ${channels} channels given, 1 or 3 expected`)
  }
  if (item >= batch) throw new FormatError(`image: item ${item} wanted, ${batch} given`)
  const area = height * width
  const start = item * channels * area
  // Storing into a clamped array rounds to the nearest, ties to even, and turns NaN into 0.
  const pixels = new Uint8ClampedArray(area * channels)
  for (let channel = 0; channel < channels; channel++) {
    for (let i = 0; i < area; i++) {
      pixels[i * channels + channel] = image.data[start + channel * area + i]! * 255
    }
  }
  return sharp(pixels, { raw: { width, height, channels } })
}

/** `count` channels of interleaved bytes, from `first` on, as planes of 0 to 1. */
function planes(picture: PictureBytes, first: number, count: number): Image {
  const { data: bytes, width, height, channels } = picture
  const area = width * height
  const data = new Float32Array(area * count)
  for (let channel = 0; channel < count; channel++) {
    for (let i = 0; i < area; i++) {
      data[channel * area + i] = bytes[i * channels + first + channel]! / 255
    }
  }
  return { data, shape: [1, count, height, width] }
}
