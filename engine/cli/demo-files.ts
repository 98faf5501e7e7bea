import { existsSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { FormatError } from '../errors.ts'
import { sha256 } from '../files/hash-file.ts'
import { replaceFile } from '../files/save.ts'
import { unpackFile } from '../formats/packed.ts'

/** A model that comes along in small. */
export interface PackedFile {
  /** Packed, below the folder of the demo's models. */
  readonly packed: string
  /** As everything else sees it, below the same folder. */
  readonly name: string
}

/** The models of the demo. */
export const demoFiles: readonly PackedFile[] = [
  { packed: 'demo-base.safetensors.br', name: 'checkpoints/demo.safetensors' },
  { packed: 'demo-neon.safetensors.br', name: 'loras/neon.safetensors' },
  { packed: 'demo-riso.safetensors.br', name: 'loras/riso.safetensors' },
  { packed: 'demo-mascot.safetensors.br', name: 'loras/mascot.safetensors' },
]

/** Far above any model that comes along. */
const mostBytes = 2 ** 28

/** What an unpacked file was made of; stands beside it. */
interface Origin {
  /** SHA-256 of the packed file. */
  readonly packed: string
  readonly bytes: number
  /** Of the unpacked file: milliseconds since 1970. */
  readonly modified: number
}

/**
 * Unpacks models below `folder` that are absent, were changed, or whose packed file is another by
 * now; whole or not at all. Gives the names of the files that were written. Throws a FormatError
 * where a file is absent packed and unpacked, and where a packed one is broken.
 */
export async function ensureDemo(
  folder: string,
  files: readonly PackedFile[] = demoFiles,
): Promise<string[]> {
  const made: string[] = []
  for (const { packed, name } of files) {
    if (await unpacked(join(folder, packed), join(folder, name))) made.push(name)
  }
  return made
}

/** Unpacks those of the demo's models that a workflow names. */
export async function ensureDemoFor(
  workflow: string,
  folder: string,
  files: readonly PackedFile[] = demoFiles,
): Promise<void> {
  const named = files.filter(({ name }) => workflow.includes(`"${basename(name)}"`))
  await ensureDemo(folder, named)
}

/** Unpacks a file; false where that has been done. A model without a packed one stays as it is. */
async function unpacked(source: string, target: string): Promise<boolean> {
  if (!existsSync(source)) {
    if (existsSync(target)) return false
    throw new FormatError(`${source}: no file, a packed model expected; fetch the sources again`)
  }
  const packed = await readFile(source)
  const hash = sha256(packed)
  if (await isMadeOf(target, hash)) return false
  const bytes = await unpackFile(source, packed, mostBytes)
  await replaceFile(target, bytes)
  const { mtimeMs } = await stat(target)
  const origin: Origin = { packed: hash, bytes: bytes.length, modified: mtimeMs }
  await replaceFile(originOf(target), Buffer.from(`${JSON.stringify(origin)}\n`))
  return true
}

/** True where the file is the one that was unpacked, untouched. */
async function isMadeOf(target: string, packed: string): Promise<boolean> {
  try {
    const origin: Origin = JSON.parse(await readFile(originOf(target), 'utf8'))
    const { size, mtimeMs } = await stat(target)
    return origin.packed === packed && origin.bytes === size && origin.modified === mtimeMs
  } catch {
    return false
  }
}

function originOf(target: string): string {
  return `${target}.origin.json`
}
