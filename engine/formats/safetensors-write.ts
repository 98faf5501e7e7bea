import { FormatError } from '../errors.ts'
import { type Dtype, dtypes, type SafetensorsTensor, tensorBytes } from './dtype.ts'
import { maxHeaderBytes, metadataKey } from './safetensors-header.ts'
import { kindOf } from './strict-json.ts'

/** What the header says of a tensor that is still to be written. */
export interface TensorLayout {
  readonly name: string
  readonly dtype: Dtype
  readonly shape: readonly number[]
}

/**
 * A whole file in memory, laid out in `layoutOrder`: the same tensors give the same bytes, in
 * whatever order they come. Throws a FormatError for a name given twice or bytes that do not fit.
 */
export function encodeSafetensors(
  tensors: Iterable<readonly [string, SafetensorsTensor]>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const entries = layoutOrder([...tensors].map(([name, tensor]) => ({ name, ...tensor })))
  const header = writeHeader(entries, metadata)
  const size = entries.reduce((sum, { bytes }) => sum + bytes.length, header.length)
  const file = new Uint8Array(size)
  file.set(header)
  let at = header.length
  for (const { name, dtype, shape, bytes } of entries) {
    const expected = tensorBytes(dtype, shape)
    if (bytes.length !== expected) {
      throw new FormatError(
        `tensor ${kindOf(name)}: ${bytes.length} bytes given, ${expected} expected for ${dtype} [${shape}]`,
      )
    }
    file.set(bytes, at)
    at += bytes.length
  }
  return file
}

/**
 * The header of a file whose tensors follow in the order given, without gaps. A large file is
 * written by this header and then tensor after tensor. Ends on a multiple of 8 bytes, so that
 * tensors in `layoutOrder` are aligned. Throws a FormatError for a name given twice or reserved.
 */
export function writeHeader(
  entries: Iterable<TensorLayout>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const parts: string[] = []
  if (Object.keys(metadata).length > 0) {
    parts.push(`${JSON.stringify(metadataKey)}:${JSON.stringify(metadata)}`)
  }
  const names = new Set([metadataKey, '__proto__'])
  let begin = 0
  for (const { name, dtype, shape } of entries) {
    if (names.has(name)) {
      throw new FormatError(`tensor ${kindOf(name)}: name is taken, one of its own expected`)
    }
    names.add(name)
    const bytes = tensorBytes(dtype, shape)
    if (bytes === undefined || begin + bytes > Number.MAX_SAFE_INTEGER) {
      throw new FormatError(`tensor ${kindOf(name)}: shape [${shape}] is beyond any file`)
    }
    const end = begin + bytes
    parts.push(
      `${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [begin, end] })}`,
    )
    begin = end
  }
  return withLength(new TextEncoder().encode(`{${parts.join(',')}}`))
}

/** Widest elements first, then by name: the order of the reference writer. */
export function layoutOrder<Entry extends TensorLayout>(entries: Iterable<Entry>): Entry[] {
  return [...entries].sort(
    (a, b) => rank(b) - rank(a) || (a.name < b.name ? -1 : Number(a.name > b.name)),
  )
}

function rank({ dtype }: TensorLayout): number {
  return dtypes.indexOf(dtype)
}

function withLength(json: Uint8Array): Uint8Array<ArrayBuffer> {
  const length = Math.ceil(json.length / 8) * 8
  if (length > maxHeaderBytes) {
    throw new FormatError(`header: ${length} bytes, at most ${maxHeaderBytes} can be read back`)
  }
  const header = new Uint8Array(8 + length).fill(0x20)
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true)
  header.set(json, 8)
  return header
}
