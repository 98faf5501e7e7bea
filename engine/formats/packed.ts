import { promisify } from 'node:util'
import { brotliCompress, brotliDecompress, constants } from 'node:zlib'
import { FormatError, messageOf } from '../errors.ts'

/** Files in small, by Brotli: what comes along with the program is unpacked where it is used. */

const compress = promisify(brotliCompress)
const decompress = promisify(brotliDecompress)

/** Bytes in small; unhurried, as small as it gets. */
export async function packFile(bytes: Uint8Array): Promise<Uint8Array> {
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_LGWIN, BROTLI_PARAM_SIZE_HINT } = constants
  return compress(bytes, {
    params: {
      [BROTLI_PARAM_QUALITY]: 11,
      [BROTLI_PARAM_LGWIN]: 24,
      [BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  })
}

/** The bytes that were packed. Throws a FormatError for what is not packed, or above `most`. */
export async function unpackFile(
  file: string,
  packed: Uint8Array,
  most: number,
): Promise<Uint8Array> {
  try {
    return await decompress(packed, { maxOutputLength: most })
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const found =
      code === 'ERR_BUFFER_TOO_LARGE'
        ? `unpacks to more than ${most} bytes`
        : `cannot be unpacked (${messageOf(cause)})`
    throw new FormatError(`${file}: ${found}, a file packed by Brotli expected`, { cause })
  }
}
