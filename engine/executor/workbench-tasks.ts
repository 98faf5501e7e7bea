import { readFile, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { examineDataset } from '../dataset/doctor/examine.ts'
import type { CropBox } from '../dataset/doctor/framing.ts'
import { readableDataset } from '../dataset/doctor/read-folder.ts'
import { tagsOf } from '../dataset/doctor/tags.ts'
import type { Dataset } from '../dataset/settings.ts'
import { FormatError, messageOf } from '../errors.ts'
import { openFolder } from '../files/folder.ts'
import { openSafetensors } from '../files/weights.ts'
import { decodePictureBytes, thumbnailOf } from '../formats/picture.ts'
import type { DatasetReply } from '../protocol/index.ts'
import { shownSettings } from './shown-dataset.ts'
import type { Workbench } from './types.ts'

/** Largest picture file that is read. */
const maxBytes = 2 ** 28

/** A picture file as WebP of at most `size` pixels a side. Throws a FormatError for another. */
export async function thumbnail(path: string, size: number) {
  return thumbnailOf(basename(path), await bytesOf(path), size)
}

type Inspected = Awaited<ReturnType<Workbench['inspect']>>

/** How an uploaded file of each kind is checked. */
const inspections: Readonly<Record<string, typeof inspectWeights>> = {
  checkpoints: inspectWeights,
  loras: inspectWeights,
  vae: inspectWeights,
  embeddings: inspectWeights,
  input: inspectPicture,
  output: inspectPicture,
}

/** Checks a file wholly. Throws a FormatError that says what is wrong with it. */
export async function inspect(kind: string, path: string): Promise<Inspected> {
  const known = Object.hasOwn(inspections, kind) ? inspections[kind] : undefined
  if (known) return known(path)
  const kinds = Object.keys(inspections).join(', ')
  throw new FormatError(`${basename(path)}: no kind "${kind}", one of ${kinds} expected`)
}

/** A folder of training pictures with buckets, crops and what the doctor finds. */
export async function dataset(folder: string): Promise<DatasetReply> {
  const name = basename(folder)
  const read = await readableDataset(openFolder(folder, name), shownSettings(), name)
  const { report } = await examineDataset(read.dataset, { unreadable: read.unreadable })
  const places = new Map(report.pictures.map((picture) => [picture.path, picture]))
  return {
    folder: name,
    entries: read.dataset.items.map(({ path, width, height, caption }) => {
      const place = places.get(path)
      return {
        ...{ file: path, width, height, caption },
        ...(place && { bucket: [...place.bucket], crop: cropOf(place.crop) }),
      }
    }),
    findings: report.findings.flatMap(({ severity, message, remedy, paths }) => {
      const told = { severity, message: `${message}; ${remedy}` }
      return paths.length === 0 ? [told] : paths.map((file) => ({ file, ...told }))
    }),
    tags: tagCounts(read.dataset),
  }
}

function cropOf({ left, top, width, height }: CropBox) {
  return { x: left, y: top, width, height }
}

function tagCounts({ items }: Dataset): DatasetReply['tags'] {
  const counts = new Map<string, number>()
  for (const { caption, subset } of items) {
    for (const tag of new Set(tagsOf(caption, subset.captionSeparator))) {
      counts.set(tag, (counts.get(tag) ?? 0) + 1)
    }
  }
  const tags = [...counts].map(([tag, count]) => ({ tag, count }))
  return tags.sort((a, b) => b.count - a.count || (a.tag < b.tag ? -1 : 1))
}

async function inspectPicture(path: string): Promise<Inspected> {
  const { width, height } = await decodePictureBytes(basename(path), await bytesOf(path))
  return { width, height }
}

async function inspectWeights(path: string): Promise<Inspected> {
  const file = await openSafetensors(path)
  await file.close()
  return {}
}

async function bytesOf(path: string): Promise<Uint8Array> {
  const file = basename(path)
  const found = await stat(path).catch((cause) => {
    throw new FormatError(`${file}: cannot be read (${messageOf(cause)}), a file expected`, {
      cause,
    })
  })
  if (found.size > maxBytes) {
    throw new FormatError(`${file}: ${found.size} bytes, at most ${maxBytes} can be read`)
  }
  return readFile(path)
}
