import { FormatError } from '../errors.ts'
import { type Dtype, dtypes, isDtype, tensorBytes } from './dtype.ts'
import { nameOfBytes } from './sniff.ts'
import { isJsonObject, kindOf, parseStrictJson } from './strict-json.ts'

/**
 * The header of a safetensors file: 8 bytes of length, then JSON that says where each tensor lies.
 * Everything is checked here, so that a reader may slice the file without looking again.
 * Source: the format description of the safetensors project.
 */

/** Where one tensor lies in its file. */
export interface TensorEntry {
  readonly name: string
  readonly dtype: Dtype
  readonly shape: readonly number[]
  /** First byte, counted from the start of the file. */
  readonly begin: number
  /** Byte after the last, counted from the start of the file. */
  readonly end: number
}

/** What a file says about itself. */
export interface SafetensorsHeader {
  /** In the order of the header. */
  readonly tensors: ReadonlyMap<string, TensorEntry>
  readonly metadata: Readonly<Record<string, string>>
  /** Where the tensors begin, counted from the start of the file. */
  readonly dataOffset: number
}

/** The limit of the reference reader; the header of an SDXL checkpoint has some 300 kB. */
export const maxHeaderBytes = 100_000_000

/** Key of the header that holds the file's own texts. */
export const metadataKey = '__metadata__'

/** What else is found under the ending `.safetensors`, and what helps. */
const remedies = new Map([
  ['a Git LFS pointer', 'fetch the file itself with git lfs pull'],
  ['a zip archive', 'a pickle checkpoint has to be converted'],
  ['a GGUF file', 'use the safetensors file of the same model'],
  ['a web page', 'download the file again'],
])

/**
 * Length of the JSON that follows the first 8 bytes of a file of `fileSize` bytes.
 * Throws a FormatError when it is beyond the limit or beyond the file; `file` names it.
 */
export function headerLength(file: string, first8Bytes: Uint8Array, fileSize: number): number {
  const size = Math.min(fileSize, first8Bytes.length)
  if (size < 8) throw new FormatError(`${file}: file has ${size} bytes, at least 8 expected`)
  const kind = nameOfBytes(first8Bytes)
  const remedy = remedies.get(kind)
  if (remedy) {
    throw new FormatError(`${file}: this is ${kind}, a safetensors file expected; ${remedy}`)
  }
  const view = new DataView(first8Bytes.buffer, first8Bytes.byteOffset, 8)
  const length = view.getBigUint64(0, true)
  if (length > maxHeaderBytes) {
    throw new FormatError(
      `${file}: header says ${length} bytes, at most ${maxHeaderBytes} can be read`,
    )
  }
  const needed = 8 + Number(length)
  if (fileSize < needed) {
    throw new FormatError(`${file}: file has ${fileSize} bytes, its header alone needs ${needed}`)
  }
  return Number(length)
}

/**
 * Reads the header of a file of `fileSize` bytes from `headerBytes`, its first 8 + N bytes.
 * The tensors are known to fill the rest of the file without gap or overlap and to have the
 * length that dtype and shape ask for. Throws a FormatError that begins with `file`.
 */
export function parseHeader(
  file: string,
  fileSize: number,
  headerBytes: Uint8Array,
): SafetensorsHeader {
  const dataOffset = 8 + headerLength(file, headerBytes, fileSize)
  if (headerBytes.length < dataOffset) {
    throw new FormatError(
      `${file}: ${headerBytes.length} bytes given, the header needs ${dataOffset}`,
    )
  }
  const text = headerBytes.subarray(8, dataOffset)
  if (text[0] !== 0x7b) throw new FormatError(`${file}: header is not JSON, a first { expected`)
  const { [metadataKey]: metadata, ...described } = parseStrictJson(`${file}: header`, text)
  const tensors = new Map<string, TensorEntry>()
  for (const [name, description] of Object.entries(described)) {
    tensors.set(name, parseEntry(`${file}: tensor ${kindOf(name)}`, name, description, dataOffset))
  }
  checkLayout(file, [...tensors.values()], dataOffset, fileSize)
  return { tensors, metadata: parseMetadata(file, metadata), dataOffset }
}

function parseMetadata(file: string, metadata: unknown): Record<string, string> {
  if (metadata === undefined || metadata === null) return {}
  if (!isJsonObject(metadata)) {
    throw new FormatError(`${file}: metadata is ${kindOf(metadata)}, an object expected`)
  }
  return Object.fromEntries(
    Object.entries(metadata).map(([key, value]) => {
      if (typeof value === 'string') return [key, value]
      throw new FormatError(`${file}: metadata ${kindOf(key)} is ${kindOf(value)}, a text expected`)
    }),
  )
}

function parseEntry(
  thing: string,
  name: string,
  description: unknown,
  dataOffset: number,
): TensorEntry {
  if (!isJsonObject(description)) {
    throw new FormatError(`${thing} is ${kindOf(description)}, an object expected`)
  }
  const { dtype, shape, data_offsets: offsets } = description
  if (!isDtype(dtype)) {
    throw new FormatError(
      `${thing}: dtype is ${kindOf(dtype)}, expected one of ${dtypes.join(', ')}`,
    )
  }
  if (!isSizes(shape)) {
    throw new FormatError(`${thing}: shape is ${listOf(shape)}, a list of whole numbers expected`)
  }
  if (!isSizes(offsets) || offsets.length !== 2) {
    throw new FormatError(
      `${thing}: data_offsets is ${listOf(offsets)}, two whole numbers expected`,
    )
  }
  const [begin, end] = offsets as [number, number]
  const expected = tensorBytes(dtype, shape)
  if (expected === undefined) {
    const limit = Number.MAX_SAFE_INTEGER
    throw new FormatError(
      `${thing}: shape ${listOf(shape)} is beyond ${limit} bytes, a file expected`,
    )
  }
  if (end - begin !== expected) {
    throw new FormatError(
      `${thing}: ${end - begin} bytes given, ${expected} expected for ${dtype} ${listOf(shape)}`,
    )
  }
  return { name, dtype, shape, begin: begin + dataOffset, end: end + dataOffset }
}

/** Tensors must fill the file from `dataOffset` to its end, each byte once. */
function checkLayout(
  file: string,
  entries: TensorEntry[],
  dataOffset: number,
  fileSize: number,
): void {
  let filled = dataOffset
  for (const { name, begin, end } of entries.sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== filled) {
      const wrong = begin < filled ? 'overlaps the tensor before it' : 'leaves a gap'
      const [found, expected] = [begin - dataOffset, filled - dataOffset]
      throw new FormatError(
        `${file}: tensor ${kindOf(name)} ${wrong}: begins at ${found}, ${expected} expected`,
      )
    }
    filled = end
  }
  if (fileSize < filled) {
    throw new FormatError(
      `${file}: file has ${fileSize} bytes, ${filled} expected; it may be cut off, download it again`,
    )
  }
  if (fileSize > filled) {
    throw new FormatError(`${file}: file has ${fileSize} bytes, its tensors end at ${filled}`)
  }
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0)
}

function listOf(value: unknown): string {
  if (!Array.isArray(value)) return kindOf(value)
  const shown = value.slice(0, 8).map((size) => (Array.isArray(size) ? '[…]' : kindOf(size)))
  return `[${shown.join(', ')}${value.length > 8 ? ', …' : ''}]`
}
