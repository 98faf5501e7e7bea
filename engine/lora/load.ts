import { FormatError } from '../errors.ts'
import { type SafetensorsFile, type SafetensorsTensor, toFloat32 } from '../formats/safetensors.ts'
import { adapterScales } from './adapter-config.ts'
import {
  type AlgorithmName,
  algorithmOf,
  algorithmTitle,
  type LoraParts,
  type LoraTensor,
} from './algorithms.ts'
import { guessFamily, type LoraFamily } from './family.ts'
import { otherKind } from './kinds.ts'
import { type LoraNetwork, type LoraTarget, type Part, parseLoraKey, targetOf } from './naming.ts'

/** A LoRA file, read without knowing the model it will be applied to. */
export interface Lora {
  /** The file, for messages. */
  readonly name: string
  /** Names the content, for caches. */
  readonly key: string
  readonly modules: readonly LoraModule[]
  /** Keys that follow no known convention; they count as unmatched. */
  readonly unknownKeys: readonly string[]
  readonly metadata: Readonly<Record<string, string>>
  /** For which models it seems to be made. */
  readonly family: LoraFamily | undefined
  /** The user said that keys without a layer are a warning, not an error. */
  readonly allowUnmatched: boolean
  /** Words the file itself says belong into the prompt. */
  readonly triggers: readonly string[]
}

/** What a LoRA says about the weight or the bias of one layer. */
export interface LoraModule {
  readonly network: LoraNetwork
  readonly target: LoraTarget
  /** The layer, with underscores, in whatever spelling the file uses. */
  readonly path: string
  readonly algorithm: AlgorithmName
  readonly parts: LoraParts
  /** The scale the metadata states, if the file has no `alpha` for this module. */
  readonly scaleFor: (rank: number) => number | undefined
}

export interface LoraOptions {
  /** Names the content, for caches. */
  readonly key: string
  readonly allowUnmatched?: boolean
}

/**
 * Groups the tensors of a LoRA file into modules. Throws a FormatError for a file of another
 * kind, for numbers that are not finite, and for algorithms that cannot be applied.
 * Whether the keys belong to a model is checked where one is known, by `checkMatched`.
 */
export function readLora(
  file: string,
  { tensors, metadata }: SafetensorsFile,
  { key, allowUnmatched = false }: LoraOptions,
): Lora {
  const { groups, unknownKeys } = group(file, tensors)
  const scales = adapterScales(metadata)
  const modules: LoraModule[] = []
  for (const { network, target, path, parts } of groups.values()) {
    const algorithm = algorithmOf(parts)
    const scaleFor = (rank: number) => scales(network, path, rank)
    if (algorithm) modules.push({ network, target, path, algorithm, parts, scaleFor })
    else unknownKeys.push(...keysOf(parts))
  }
  if (modules.length === 0) throw notALora(file, tensors)
  checkSupported(file, modules)
  return {
    name: file,
    key,
    modules,
    unknownKeys,
    metadata,
    family: guessFamily(shapesOf(tensors), metadata),
    allowUnmatched,
    triggers: [metadata['modelspec.trigger_phrase'] ?? ''].filter((phrase) => phrase.trim() !== ''),
  }
}

/** The keys of a module's tensors in the file. */
export function keysOf(parts: LoraParts): string[] {
  return [...parts.values()].map(({ name }) => name)
}

interface Group {
  readonly network: LoraNetwork
  readonly target: LoraTarget
  readonly path: string
  readonly parts: Map<Part, LoraTensor>
}

function group(file: string, tensors: ReadonlyMap<string, SafetensorsTensor>) {
  const groups = new Map<string, Group>()
  const unknownKeys: string[] = []
  for (const [name, tensor] of tensors) {
    const key = parseLoraKey(name)
    if (!key) {
      unknownKeys.push(name)
      continue
    }
    const { network, path, part } = key
    const target = targetOf(part)
    const id = `${network} ${path} ${target}`
    const parts = groups.get(id)?.parts ?? new Map<Part, LoraTensor>()
    const twin = parts.get(part)
    if (twin) {
      throw new FormatError(`${file}: ${twin.name} and ${name} both found, one of them expected`)
    }
    parts.set(part, { name, shape: tensor.shape, data: finite(file, name, toFloat32(tensor)) })
    groups.set(id, { network, target, path, parts })
  }
  return { groups, unknownKeys }
}

function finite(file: string, name: string, data: Float32Array): Float32Array {
  // A sum is finite in float64 exactly if every float32 of it is.
  let sum = 0
  for (let i = 0; i < data.length; i++) sum += data[i]!
  if (Number.isFinite(sum)) return data
  const index = data.findIndex((value) => !Number.isFinite(value))
  throw new FormatError(
    `${file}: ${name} has ${data[index]} at index ${index}, only finite numbers expected`,
  )
}

function notALora(file: string, tensors: ReadonlyMap<string, SafetensorsTensor>): FormatError {
  const other = otherKind(tensors.keys())
  if (other) return new FormatError(`${file}: is ${other.what}, a LoRA expected; ${other.remedy}`)
  const first = tensors.keys().next().value
  const found = first === undefined ? 'no tensors' : `${tensors.size} tensors such as ${first}`
  return new FormatError(`${file}: ${found} found, tensors of a LoRA expected`)
}

function checkSupported(file: string, modules: readonly LoraModule[]): void {
  const counts = new Map<string, number>()
  for (const { algorithm, parts } of modules) {
    const { title, supported } = algorithmTitle(algorithm)
    if (!supported) counts.set(title, (counts.get(title) ?? 0) + parts.size)
  }
  if (counts.size === 0) return
  const found = [...counts].map(
    ([title, count]) => `${count} ${count === 1 ? 'key' : 'keys'} of ${title}`,
  )
  throw new FormatError(
    `${file}: ${found.join(', ')} found, ` +
      'LoRA, LoHa, LoKr, DoRA, IA3 or differences expected; such files are not supported yet',
  )
}

function* shapesOf(tensors: ReadonlyMap<string, SafetensorsTensor>) {
  for (const [name, { shape }] of tensors) yield [name, shape] as const
}
