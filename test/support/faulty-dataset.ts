import { createHash } from 'node:crypto'
import sharp from 'sharp'
import type { FindingKind } from '../../engine/dataset/doctor/findings.ts'
import { type Dataset, datasetSchema } from '../../engine/dataset/settings.ts'
import type { DatasetSource } from '../../engine/dataset/source.ts'
import { encodePng } from '../../engine/formats/picture.ts'
import { drawScene, randomFrom, type Scene, sceneStyles } from '../dataset/doctor/scenes.ts'

/**
 * A folder of drawn pictures with captions in which faults are planted: what is wrong with each
 * picture is known. Everything follows from the seed.
 */

/** A set, its files, and the truth: the kinds that each picture should be found by. */
export interface FaultySet {
  readonly dataset: Dataset
  readonly files: ReadonlyMap<string, Uint8Array>
  readonly truth: ReadonlyMap<string, ReadonlySet<FindingKind>>
}

/** Kinds of findings about single pictures that are planted. */
export const plantedKinds = [
  ...['exact-duplicate', 'near-duplicate', 'blurred', 'blank', 'low-resolution'],
  ...['extreme-aspect', 'crop-loss', 'ignored-alpha', 'opaque-alpha', 'unreadable'],
  ...['missing-caption', 'empty-caption', 'long-caption', 'caption-tokens'],
  ...['missing-licence', 'missing-source'],
] as const satisfies readonly FindingKind[]

interface Draft {
  readonly name: string
  readonly bytes: Uint8Array
  readonly caption: string | undefined
  readonly licence: string | undefined
  readonly source: string | undefined
  readonly kinds: FindingKind[]
}

type Random = () => number
type Make = (scene: Scene, size: Size, random: Random) => Promise<Planted> | Planted
interface Size {
  readonly width: number
  readonly height: number
}
interface Planted {
  /** Pictures; more than one belong together. */
  readonly pictures: readonly Uint8Array[]
  readonly kinds: readonly FindingKind[]
}

/** Side that these sets are trained at, and about the shorter side of their pictures. */
const resolution = 192
const least = 208

const faults: Readonly<Record<string, Make>> = {
  async twice(scene, size) {
    const bytes = await png(scene, size)
    return { pictures: [bytes, bytes], kinds: ['exact-duplicate'] }
  },
  async resized(scene, size, random) {
    const bytes = await png(scene, size)
    const width = Math.round(size.width * (1 + 0.6 * random()))
    const copy = sharp(bytes)
      .resize({ width })
      .jpeg({ quality: 55 + Math.floor(35 * random()) })
    return { pictures: [bytes, await copy.toBuffer()], kinds: ['near-duplicate'] }
  },
  async brightened(scene, size, random) {
    const bytes = await png(scene, size)
    const gain = random() < 0.5 ? 0.8 + 0.1 * random() : 1.08 + 0.12 * random()
    const copy = sharp(bytes).linear(gain, 0).jpeg({ quality: 80 })
    return { pictures: [bytes, await copy.toBuffer()], kinds: ['near-duplicate'] }
  },
  async cropped(scene, { width, height }, random) {
    const bytes = await png(scene, { width: width * 1.1, height: height * 1.1 })
    const { width: from = 0, height: high = 0 } = await sharp(bytes).metadata()
    const share = 0.9 + 0.06 * random()
    const [w, h] = [Math.round(from * share), Math.round(high * share)]
    const [left, top] = [Math.floor(random() * (from - w)), Math.floor(random() * (high - h))]
    const copy = sharp(bytes).extract({ left, top, width: w, height: h }).jpeg({ quality: 85 })
    return { pictures: [bytes, await copy.toBuffer()], kinds: ['near-duplicate'] }
  },
  async flipped(scene, size) {
    const bytes = await png(scene, size)
    const copy = await sharp(bytes).flop().jpeg({ quality: 85 }).toBuffer()
    return { pictures: [bytes, copy], kinds: ['near-duplicate'] }
  },
  /** Not a fault: two pictures with one background. */
  async series(scene, size, random) {
    const subject = Math.floor(1e6 * random())
    return { pictures: [await png(scene, size), await png({ ...scene, subject }, size)], kinds: [] }
  },
  async unfocused(scene, size, random) {
    // The sigma is as large as it is at training size.
    const scale = Math.min(size.width, size.height) / resolution
    const copy = sharp(await png(scene, size)).blur((2.3 + 2 * random()) * scale)
    return { pictures: [await copy.jpeg({ quality: 88 }).toBuffer()], kinds: ['blurred'] }
  },
  async enlarged(scene, size) {
    const [width, height] = [Math.round(size.width / 5), Math.round(size.height / 5)]
    const small = sharp(await png(scene, { width: size.width, height: size.height }))
    const bytes = await small.resize(width, height).png().toBuffer()
    const copy = sharp(bytes).resize(size.width, size.height, { kernel: 'cubic' })
    return { pictures: [await copy.png().toBuffer()], kinds: ['blurred'] }
  },
  async shaken(scene, size, random) {
    const length = 13 + 2 * Math.floor(3 * random())
    const isLevel = random() < 0.5
    const style = scene.style === 'texture' || scene.style === 'lines' ? 'landscape' : scene.style
    const kernel = new Array<number>(length * length).fill(0)
    const middle = (length - 1) / 2
    for (let i = 0; i < length; i++) kernel[isLevel ? middle * length + i : i * length + middle] = 1
    const bytes = await png({ ...scene, style }, size)
    const copy = sharp(bytes).convolve({ width: length, height: length, kernel })
    return { pictures: [await copy.png().toBuffer()], kinds: ['blurred'] }
  },
  async blank(_, { width, height }, random) {
    const [r, g, b] = [random(), random(), random()].map((value) => Math.floor(255 * value))
    const background = { r: r!, g: g!, b: b! }
    const create = { width: Math.round(width), height: Math.round(height), channels: 3 as const }
    return {
      pictures: [
        await sharp({ create: { ...create, background } })
          .png()
          .toBuffer(),
      ],
      kinds: ['blank'],
    }
  },
  async small(scene, _, random) {
    const side = Math.round(resolution * (0.4 + 0.4 * random()))
    return {
      pictures: [await png(scene, { width: side, height: side })],
      kinds: ['low-resolution'],
    }
  },
  async wide(scene, _, random) {
    const long = Math.round(least * (1.45 + 0.5 * random()))
    const size = { width: long, height: least }
    return { pictures: [await png(scene, turned(size, random))], kinds: ['crop-loss'] }
  },
  async endless(scene, _, random) {
    const size = { width: Math.round(least * (2.8 + random())), height: least }
    const kinds = ['extreme-aspect', 'crop-loss'] as const
    return { pictures: [await png(scene, turned(size, random))], kinds }
  },
  async seeThrough(scene, size, random) {
    const share = 0.2 + 0.5 * random()
    return {
      pictures: [await withAlpha(scene, size, (x, y) => Number(x + y > 2 * share))],
      kinds: ['ignored-alpha'],
    }
  },
  async opaque(scene, size) {
    return { pictures: [await withAlpha(scene, size, () => 1)], kinds: ['opaque-alpha'] }
  },
  async torn(scene, size, random) {
    const bytes = await png(scene, size)
    const length = Math.floor(bytes.length * (0.2 + 0.6 * random()))
    return { pictures: [bytes.subarray(0, length)], kinds: ['unreadable'] }
  },
}

/** How often each fault is planted in a set. */
const plan: readonly string[] = [
  ...['twice', 'resized', 'resized', 'brightened', 'cropped', 'flipped', 'series', 'series'],
  ...['unfocused', 'unfocused', 'enlarged', 'shaken', 'blank', 'small', 'small'],
  ...['wide', 'wide', 'endless', 'seeThrough', 'opaque', 'torn'],
]

const words = [
  ...['red', 'blue', 'green', 'tall', 'small', 'old', 'bright', 'dark', 'round', 'wide'],
  ...['house', 'tree', 'hill', 'person', 'dress', 'cloud', 'wall', 'road', 'sky', 'lamp'],
]

/** Draws a set of `clean` faultless pictures and the faulty ones of the plan. */
export async function faultySet(seed: number, clean: number): Promise<FaultySet> {
  const random = randomFrom(seed)
  const drafts: Draft[] = []
  for (const [index, fault] of [
    ...plan,
    ...new Array<undefined>(clean).fill(undefined),
  ].entries()) {
    const scene = { style: sceneStyles[Math.floor(6 * random())]!, seed: seed * 1000 + index }
    const size = {
      width: Math.round(least * (1 + 0.1 * random())),
      height: Math.round(least * (1 + 0.1 * random())),
    }
    const { pictures, kinds } = fault
      ? await faults[fault]!(scene as Scene, size, random)
      : { pictures: [await png(scene as Scene, size)], kinds: [] }
    for (const [copy, bytes] of pictures.entries()) {
      const name = `${String(index).padStart(3, '0')}-${fault ?? 'clean'}${copy || ''}`
      drafts.push({ name, bytes, ...textsFor(random, kinds) })
    }
  }
  return assemble(drafts)
}

/** A caption, licence and source, now and then a faulty one. */
function textsFor(random: Random, kinds: readonly FindingKind[]): Omit<Draft, 'name' | 'bytes'> {
  const found = [...kinds]
  const tag = () => `${pick(words, random)} ${pick(words, random)}`
  const tags = (count: number) => Array.from({ length: count }, tag).join(', ')
  const lot = random()
  let caption: string | undefined = tags(4 + Math.floor(6 * random()))
  if (lot < 0.08) {
    caption = undefined
    found.push('missing-caption')
  } else if (lot < 0.16) {
    caption = pick(['', ' ', '\n\n'], random)
    found.push('empty-caption')
  } else if (lot < 0.24) {
    caption = tags(30 + Math.floor(10 * random()))
    found.push('caption-tokens')
  } else if (lot < 0.3) {
    caption = tags(250)
    found.push('caption-tokens', 'long-caption')
  }
  const licence = random() < 0.85 ? 'CC0-1.0' : undefined
  const source = random() < 0.85 ? 'drawn by code' : undefined
  if (!licence) found.push('missing-licence')
  if (!source) found.push('missing-source')
  return { caption, licence, source, kinds: found }
}

async function assemble(drafts: readonly Draft[]): Promise<FaultySet> {
  const files = new Map<string, Uint8Array>()
  const truth = new Map<string, ReadonlySet<FindingKind>>()
  const settings = datasetSchema.parse({ resolution })
  const items: Dataset['items'][number][] = []
  for (const { name, bytes, caption, licence, source, kinds } of drafts) {
    const path = `${name}.png`
    files.set(path, bytes)
    if (caption !== undefined) files.set(`${name}.txt`, new TextEncoder().encode(caption))
    truth.set(path, new Set(kinds))
    const { width, height } = await sharp(bytes, { failOn: 'none' }).metadata()
    items.push({
      ...{ key: sha256(bytes), path, width, height, repeats: 1, isRegularisation: false },
      ...{ caption: caption ?? '', captions: caption === undefined ? [] : [caption] },
      ...(licence && { licence }),
      ...(source && { source }),
      subset: settings.subsets[0]!,
    })
  }
  const dataset = { items, settings, key: 'drawn', source: sourceOf(files), problems: [] }
  return { dataset, files, truth }
}

/** A folder in memory. */
export function sourceOf(files: ReadonlyMap<string, Uint8Array>): DatasetSource {
  return {
    list: async () =>
      [...files].map(([path, bytes]) => ({ path, size: bytes.length, modified: 0 })),
    read: async (path) => files.get(path)!,
    hash: async (path) => sha256(files.get(path)!),
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function png(scene: Scene, { width, height }: Size): Promise<Uint8Array> {
  return encodePng(drawScene(scene, Math.round(width), Math.round(height)))
}

async function withAlpha(scene: Scene, size: Size, alpha: (x: number, y: number) => number) {
  const { width, height } = size
  const mask = Buffer.from(
    Uint8Array.from({ length: width * height }, (_, i) => {
      return 255 * alpha((i % width) / width, Math.floor(i / width) / height)
    }),
  )
  const raw = { width, height, channels: 1 as const }
  return sharp(await png(scene, size))
    .joinChannel(mask, { raw })
    .png()
    .toBuffer()
}

function turned({ width, height }: Size, random: Random): Size {
  return random() < 0.5 ? { width, height } : { width: height, height: width }
}

function pick<T>(list: readonly T[], random: Random): T {
  return list[Math.floor(list.length * random())]!
}
