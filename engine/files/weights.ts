import { type FileHandle, open, readdir, readFile, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { FormatError } from '../errors.ts'
import {
  headerLength,
  parseHeader,
  parseShardIndex,
  type SafetensorsHeader,
} from '../formats/safetensors.ts'
import { parseStrictJson } from '../formats/strict-json.ts'

/** A safetensors file of any size: its header is in memory, its tensors are read one by one. */
export interface WeightFile {
  /** Absolute. */
  readonly path: string
  /** As the user named it. */
  readonly name: string
  readonly header: SafetensorsHeader
  /** Bytes of one tensor. Throws a FormatError where the file has changed since it was opened. */
  read(tensor: string): Promise<Uint8Array<ArrayBuffer>>
  close(): Promise<void>
}

/** The part of an open file that needs no closing. */
export type WeightHeader = Pick<WeightFile, 'path' | 'name' | 'header'>

/** A folder that holds one network: its files, and its `config.json` where it has one. */
export interface WeightFolder {
  readonly files: readonly WeightHeader[]
  readonly config: unknown
}

/** Opens a file and reads its header. `name` is for messages. Close it after use. */
export async function openSafetensors(path: string, name = basename(path)): Promise<WeightFile> {
  const handle = await open(path, 'r')
  try {
    const size = (await handle.stat()).size
    const first = await readAt(handle, name, 0, Math.min(8, size))
    const length = headerLength(name, first, size)
    const header = parseHeader(name, size, await readAt(handle, name, 0, 8 + length))
    return {
      path,
      name,
      header,
      async read(tensor) {
        const entry = header.tensors.get(tensor)
        if (!entry) throw new FormatError(`${name}: tensor ${tensor} is absent, expected here`)
        return readAt(handle, name, entry.begin, entry.end - entry.begin)
      },
      close: () => handle.close(),
    }
  } catch (error) {
    await handle.close()
    throw error
  }
}

/** The header of a file, which is closed again. */
export async function readWeightHeader(path: string, name?: string): Promise<WeightHeader> {
  const file = await openSafetensors(path, name)
  await file.close()
  return { path: file.path, name: file.name, header: file.header }
}

/**
 * The files of a folder that holds one network: those of its index, or else the one safetensors
 * file in it. Of several variants the plain one counts, then fp16. Throws a FormatError where
 * there is none, and where index and files do not agree. `name` is for messages.
 */
export async function openSharded(folder: string, name = basename(folder)): Promise<WeightFolder> {
  const entries = await readdir(folder)
  const files = entries.filter((entry) => /\.safetensors(\.index\.json)?$/.test(entry))
  const chosen = files.filter((entry) => !isShard(entry)).sort(byVariant)[0]
  if (chosen === undefined) {
    throw new FormatError(
      `${name}: ${entries.length} files, none of them .safetensors, one expected`,
    )
  }
  const config = entries.includes('config.json')
    ? parseStrictJson(`${name}/config.json`, await readFile(join(folder, 'config.json')))
    : undefined
  if (!chosen.endsWith('.json')) {
    return { files: [await readWeightHeader(join(folder, chosen), `${name}/${chosen}`)], config }
  }
  return { files: await openShards(folder, name, chosen), config }
}

async function openShards(folder: string, name: string, index: string): Promise<WeightHeader[]> {
  const shards = parseShardIndex(`${name}/${index}`, await readFile(join(folder, index)))
  const files: WeightHeader[] = []
  const seen = new Set<string>()
  for (const [shard, tensors] of shards.files) {
    const path = join(folder, shard)
    if (!(await stat(path).catch(() => undefined))) {
      throw new FormatError(
        `${name}/${index}: ${shard} is absent, expected with ${tensors.length} tensors`,
      )
    }
    const file = await readWeightHeader(path, `${name}/${shard}`)
    const missing = tensors.find((tensor) => !file.header.tensors.has(tensor))
    if (missing !== undefined) {
      throw new FormatError(`${file.name}: tensor ${missing} is absent, expected by ${index}`)
    }
    for (const tensor of file.header.tensors.keys()) {
      if (seen.has(tensor)) {
        throw new FormatError(
          `${file.name}: tensor ${tensor} is in another file too, once expected`,
        )
      }
      seen.add(tensor)
    }
    files.push(file)
  }
  return files
}

function isShard(file: string): boolean {
  return /-\d{5}-of-\d{5}(\.\w+)?\.safetensors$/.test(file)
}

/** `model.safetensors` before `model.fp16.safetensors` before `model.non_ema.safetensors`. */
function byVariant(a: string, b: string): number {
  const [first, second] = [variantOf(a), variantOf(b)]
  return first.length - second.length || compare(first.join('.'), second.join('.')) || compare(a, b)
}

function variantOf(file: string): string[] {
  return file
    .replace(/\.safetensors(\.index\.json)?$/, '')
    .split('.')
    .slice(1)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}

/** Reads `length` bytes at `position`, however many pieces the system makes of it. */
export async function readAt(
  handle: FileHandle,
  name: string,
  position: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length)
  let filled = 0
  while (filled < length) {
    // Linux reads at most 2 GiB less a page at once.
    const wanted = Math.min(length - filled, 2 ** 30)
    const { bytesRead } = await handle.read(bytes, filled, wanted, position + filled)
    if (bytesRead === 0) {
      throw new FormatError(
        `${name}: file ends at byte ${position + filled}, ${position + length} expected; it has changed since it was opened`,
      )
    }
    filled += bytesRead
  }
  return bytes
}
