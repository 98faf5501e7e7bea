import { open } from 'node:fs/promises'
import { FormatError, isUserError, messageOf } from '../../errors.ts'
import { readSource } from '../../files/source.ts'
import { looksLikeLora } from '../../lora/kinds.ts'
import { loraFamily } from '../../lora/source-family.ts'
import { type CheckpointSource, readCheckpoint } from '../../models/checkpoint.ts'
import type { AssetKind } from '../../protocol/index.ts'
import { headBytes, pictureSize } from './picture-size.ts'

/** What a file says of itself. Plain data: it is remembered as long as the file stays as it is. */
export interface Facts {
  readonly family?: string
  readonly title?: string
  readonly tags: readonly string[]
  readonly licence?: string
  readonly triggers: readonly string[]
  readonly metadata: Readonly<Record<string, string>>
  readonly fault?: string
  readonly width?: number
  readonly height?: number
}

const nothing: Facts = { tags: [], triggers: [], metadata: {} }

/** Words that wake a LoRA which names none: tags that nearly all of its pictures carry. */
const mostTriggers = 5

/** Reads the header of a file. What is wrong with it becomes a fault, not an error. */
export async function readFacts(kind: AssetKind, path: string, name: string): Promise<Facts> {
  try {
    return await readers[kind](path, name)
  } catch (thrown) {
    const gone = (thrown as NodeJS.ErrnoException).code !== undefined
    if (!isUserError(thrown) && !gone) throw thrown
    return { ...nothing, fault: messageOf(thrown) }
  }
}

type Reader = (path: string, name: string) => Promise<Facts>

const readers: Readonly<Record<AssetKind, Reader>> = {
  checkpoints: ofWeights((source) => readCheckpoint(source).family.id),
  loras: ofWeights(familyOfLora),
  vae: ofWeights((source) => {
    readCheckpoint(source, { family: 'sd15' })
    return undefined
  }),
  embeddings: ofWeights(familyOfEmbedding),
  input: ofPicture,
  output: ofPicture,
}

function ofWeights(familyOf: (source: CheckpointSource) => string | undefined): Reader {
  return async (path, name) => {
    const source = await readSource(path, name)
    const files =
      source.layout === 'single'
        ? source.files
        : Object.values(source.parts).flatMap((part) => part.files)
    const metadata = Object.assign({}, ...files.map(({ header }) => header.metadata))
    const said = spoken(metadata)
    try {
      const family = familyOf(source)
      return { ...said, ...(family && { family }) }
    } catch (thrown) {
      if (!isUserError(thrown)) throw thrown
      return { ...said, fault: messageOf(thrown) }
    }
  }
}

function familyOfLora(source: CheckpointSource): string | undefined {
  const family = loraFamily(source)
  const names = source.layout === 'single' ? source.files[0]!.header.tensors.keys() : []
  if (looksLikeLora(names)) return family
  throw new FormatError(`${source.name}: no tensor of a LoRA, at least one expected`)
}

/** Width of an embedding -> the family whose text encoder has it. */
const widths: Readonly<Record<number, string>> = { 768: 'sd15', 1024: 'sd2', 1280: 'sdxl' }

function familyOfEmbedding(source: CheckpointSource): string | undefined {
  const tensors = source.layout === 'single' ? source.files[0]!.header.tensors : new Map()
  const shapes = [...tensors.values()].map(({ shape }) => shape as readonly number[])
  if (tensors.has('clip_g')) return 'sdxl'
  return shapes.length === 1 ? widths[shapes[0]!.at(-1) ?? 0] : undefined
}

/** What the metadata say for people: ModelSpec first, then kohya's keys. */
function spoken(metadata: Readonly<Record<string, string>>): Facts {
  const spec = (key: string) => metadata[`modelspec.${key}`]?.trim() || undefined
  const [title, licence] = [spec('title'), spec('license')]
  const triggers = listed(spec('trigger_phrase'))
  return {
    ...(title && { title }),
    ...(licence && { licence }),
    tags: listed(spec('tags')),
    triggers: triggers.length > 0 ? triggers : commonTags(metadata),
    metadata,
  }
}

function listed(text: string | undefined): string[] {
  const parts = (text ?? '').split(',').map((part) => part.trim())
  return [...new Set(parts.filter((part) => part !== ''))]
}

/** Tags of `ss_tag_frequency` that at least nine of ten pictures carry, the most common first. */
function commonTags(metadata: Readonly<Record<string, string>>): string[] {
  const frequency = objectIn(metadata.ss_tag_frequency)
  const dirs = objectIn(metadata.ss_dataset_dirs)
  const counts = new Map<string, number>()
  let pictures = 0
  for (const [folder, tags] of Object.entries(frequency)) {
    const found = Object.entries(Object(tags) as Record<string, unknown>)
    const { img_count: stated } = Object(dirs[folder]) as { img_count?: unknown }
    const most = Math.max(0, ...found.map(([, count]) => Number(count) || 0))
    pictures += typeof stated === 'number' ? stated : most
    for (const [tag, count] of found) counts.set(tag, (counts.get(tag) ?? 0) + (Number(count) || 0))
  }
  const common = [...counts].filter(([, count]) => count > 0 && count >= pictures * 0.9)
  return common
    .sort(([, a], [, b]) => b - a)
    .slice(0, mostTriggers)
    .map(([tag]) => tag.trim())
}

function objectIn(text: string | undefined): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text ?? '{}')
    return Object(value) as Record<string, unknown>
  } catch {
    return {}
  }
}

async function ofPicture(path: string): Promise<Facts> {
  const handle = await open(path, 'r')
  try {
    const bytes = Buffer.alloc(headBytes)
    const { bytesRead } = await handle.read(bytes, 0, headBytes, 0)
    return { ...nothing, ...pictureSize(bytes.subarray(0, bytesRead)) }
  } finally {
    await handle.close()
  }
}
