import { createHash } from 'node:crypto'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { FormatError } from '../errors.ts'
import { isJsonObject } from '../formats/strict-json.ts'
import type { CheckpointSource, NetworkName } from '../models/checkpoint.ts'
import { openSharded, readWeightHeader, type WeightFolder } from './weights.ts'

/** The sub-folders of a diffusers folder and the classes that their configs name. */
const networks: readonly { network: NetworkName; folder: string; classes: readonly string[] }[] = [
  { network: 'unet', folder: 'unet', classes: ['UNet2DConditionModel'] },
  { network: 'textEncoder', folder: 'text_encoder', classes: ['CLIPTextModel'] },
  { network: 'vae', folder: 'vae', classes: ['AutoencoderKL'] },
]

/**
 * The headers of a safetensors file, of a diffusers folder, or of a folder with a single network.
 * Nothing stays open. Throws a FormatError for a folder that is neither; `name` is for messages.
 */
export async function readSource(path: string, name: string): Promise<CheckpointSource> {
  const fingerprint = await fingerprintOf(path)
  if (!(await stat(path)).isDirectory()) {
    const files = [await readWeightHeader(path, name)]
    return { name, fingerprint, layout: 'single', files }
  }
  const entries = await readdir(path)
  const parts: Partial<Record<NetworkName, WeightFolder>> = {}
  for (const { network, folder } of networks) {
    if (entries.includes(folder)) {
      parts[network] = await openSharded(join(path, folder), `${name}/${folder}`)
    }
  }
  if (Object.keys(parts).length === 0) {
    const found = await openSharded(path, name)
    parts[networkOf(name, found.config)] = found
  }
  return { name, fingerprint, layout: 'diffusers', parts }
}

/** Text that changes with the size or the modification time of a file, or of any in a folder. */
export async function fingerprintOf(path: string): Promise<string> {
  const found = await stat(path, { bigint: true })
  if (!found.isDirectory()) return `${found.size}-${found.mtimeNs}`
  const files = (await readdir(path, { recursive: true })).filter(
    (file) => !/^\.|[/\\]\./.test(file),
  )
  const hash = createHash('sha256')
  for (const file of files.sort()) {
    const entry = await stat(join(path, file), { bigint: true }).catch(() => undefined)
    if (entry?.isFile()) hash.update(`${file}\0${entry.size}-${entry.mtimeNs}\n`)
  }
  return hash.digest('hex')
}

function networkOf(name: string, config: unknown): NetworkName {
  const { _class_name: ofDiffusers, architectures } = isJsonObject(config) ? config : {}
  const named = [ofDiffusers, ...(Array.isArray(architectures) ? architectures : [])]
  const known = networks.find(({ classes }) => classes.some((one) => named.includes(one)))
  if (known) return known.network
  const classes = networks.flatMap((network) => network.classes).join(', ')
  throw new FormatError(
    `${name}: config.json names ${JSON.stringify(named[0] ?? null)}, expected one of ${classes}`,
  )
}
