import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib'
import { parseHeader } from '../../engine/formats/safetensors.ts'

/**
 * Many files in one, compressed as a whole, so that what they have in common is kept once.
 *
 * Inside the Brotli stream: the length of the index as 4 bytes, lowest first; the index as JSON,
 * an array of `[path, bytes, isSplit]`; the files one after another. In a split file the bytes of
 * every tensor stand by significance: first the lowest byte of all its numbers, then the next.
 * Exponents are alike, the ends of fractions are not; apart they take less room. That gains 6 %
 * with the models and 13 % with the samplers. Numbers of 2 bytes stay: apart they take more.
 */

/** A file by its path, with `/`. */
export interface ArchivedFile {
  readonly path: string
  readonly bytes: Buffer
}

/** A file of the index: its path, its length, and whether its tensors are split. */
type IndexEntry = readonly [path: string, bytes: number, isSplit: boolean]

/** Numbers of fewer bytes are not split. */
const smallestSplit = 4

/** Base-2 logarithm of the bytes that a repetition may lie back: all of an archive. */
const windowBits = 25

/** The archive of some files; the same for the same files in whatever order. */
export function packArchive(files: readonly ArchivedFile[]): Buffer {
  const ordered = [...files].sort((a, b) => kindOf(a) - kindOf(b) || (a.path < b.path ? -1 : 1))
  const entries = ordered.map(({ path, bytes }) => {
    const runs = path.endsWith('.safetensors') ? tensorRuns(bytes) : []
    return { path, isSplit: runs.length > 0, bytes: rearranged(bytes, runs, split) }
  })
  const index = Buffer.from(
    JSON.stringify(
      entries.map(({ path, bytes, isSplit }): IndexEntry => [path, bytes.length, isSplit]),
    ),
  )
  const length = Buffer.alloc(4)
  length.writeUInt32LE(index.length)
  const all = Buffer.concat([length, index, ...entries.map(({ bytes }) => bytes)])
  return brotliCompressSync(all, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_LARGE_WINDOW]: 1,
      [constants.BROTLI_PARAM_LGWIN]: windowBits,
      [constants.BROTLI_PARAM_SIZE_HINT]: all.length,
    },
  })
}

/** The files of an archive, as they were packed. */
export function unpackArchive(archive: Uint8Array): ArchivedFile[] {
  const all = brotliDecompressSync(archive, {
    params: { [constants.BROTLI_DECODER_PARAM_LARGE_WINDOW]: 1 },
  })
  let start = 4 + all.readUInt32LE(0)
  const index = JSON.parse(all.toString('utf8', 4, start)) as IndexEntry[]
  return index.map(([path, length, isSplit]) => {
    const bytes = all.subarray(start, start + length)
    start += length
    return { path, bytes: isSplit ? rearranged(bytes, tensorRuns(bytes), joined) : bytes }
  })
}

/** Like stands beside like: what is read by people, weights and inputs, results. */
function kindOf({ path }: ArchivedFile): number {
  if (!path.endsWith('.safetensors')) return 0
  return path.endsWith('/expected.safetensors') ? 2 : 1
}

/** Where the numbers of one tensor stand in a file. */
interface TensorRun {
  readonly begin: number
  readonly end: number
  /** Bytes of one number. */
  readonly size: number
}

/** What a safetensors file has to split, by its header; nothing where that is not valid. */
function tensorRuns(bytes: Buffer): TensorRun[] {
  try {
    const { tensors } = parseHeader('archived file', bytes.length, bytes)
    return [...tensors.values()]
      .map(({ begin, end, shape }) => {
        const size = (end - begin) / shape.reduce((a, b) => a * b, 1)
        return { begin, end, size }
      })
      .filter(({ size }) => size >= smallestSplit)
  } catch {
    return []
  }
}

/** A copy in which every run is arranged anew; the header and what lies between stay. */
function rearranged(
  bytes: Buffer,
  runs: readonly TensorRun[],
  arrange: (from: Buffer, size: number, to: Buffer) => void,
): Buffer {
  const result = Buffer.from(bytes)
  for (const { begin, end, size } of runs) {
    arrange(bytes.subarray(begin, end), size, result.subarray(begin, end))
  }
  return result
}

function split(from: Buffer, size: number, to: Buffer): void {
  const count = from.length / size
  for (let i = 0; i < from.length; i++) to[(i % size) * count + Math.floor(i / size)] = from[i]!
}

function joined(from: Buffer, size: number, to: Buffer): void {
  const count = from.length / size
  for (let i = 0; i < from.length; i++) to[i] = from[(i % size) * count + Math.floor(i / size)]!
}
