import { createHash } from 'node:crypto'
import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { WorkflowError } from '../../errors.ts'
import type { Workbench } from '../../executor/types.ts'
import { foldersOf, openFolder } from '../../files/folder.ts'
import { hashFile } from '../../files/hash-file.ts'
import { nearestNames } from '../../files/names.ts'
import type { FileFolders } from '../../files/places.ts'
import { replaceFile } from '../../files/save.ts'
import { sweepUnfinished } from '../../files/sweep.ts'
import type { Asset, AssetKind } from '../../protocol/index.ts'
import type { RunStore } from '../queue/types.ts'
import { embeddedWorkflow, quickWorkflow } from './embedded.ts'
import { type Facts, readFacts } from './facts.ts'
import { visibleName } from './inside.ts'
import { lineageOf, textsIn } from './lineage.ts'
import { openLibraryMemory } from './memory.ts'
import { type FoundFile, findFile, isPictureKind, scanKind } from './scan.ts'
import { arranged, matches } from './search.ts'
import { mostThumbnailBytes, trimEvery, trimFolder } from './thumbnails.ts'
import type { Library } from './types.ts'
import { takeUpload } from './upload.ts'
import { watchFolder } from './watch-folder.ts'

/** What a library stands on. */
export interface LibraryOptions {
  readonly folders: FileFolders
  /** Folder for thumbnails and what people said of files. */
  readonly data: string
  readonly workbench: Pick<Workbench, 'thumbnail' | 'inspect'>
  /** Which run made a picture. */
  readonly runs?: Pick<RunStore, 'runOfPicture'>
}

const weightKinds = ['checkpoints', 'loras', 'vae', 'embeddings'] as const
const kinds: readonly AssetKind[] = [...weightKinds, 'input', 'output']
/** Pixels of the longer side of a thumbnail. */
const thumbnailSize = 384

/** Opens the files of the folders. Nothing is read before it is asked for. */
export function openLibrary({ folders, data, workbench, runs }: LibraryOptions): Library {
  const memory = openLibraryMemory(join(data, 'library.db'))
  const listeners = new Set<(kinds: readonly AssetKind[]) => void>()
  const scans = new Map<AssetKind, Promise<ReadonlyMap<string, FoundFile>>>()
  const drawing = new Map<string, Promise<Uint8Array>>()
  const blind = new Set<AssetKind>()
  let drawn = 0
  const trimThumbnails = () => trimFolder(join(data, 'thumbnails'), mostThumbnailBytes)
  const trimmed = trimThumbnails()
  const own = [...folders.models, folders.input, folders.output]
  const swept = Promise.all(own.map((folder) => sweepUnfinished(folder, Date.now())))

  const changed = (some: readonly AssetKind[]) => {
    for (const kind of some) scans.delete(kind)
    for (const listener of listeners) listener(some)
  }
  const watched: readonly (readonly [folder: string, kinds: readonly AssetKind[]])[] = [
    ...folders.models.map((folder) => [folder, weightKinds] as const),
    ...([
      [folders.input, ['input']],
      [folders.output, ['output']],
    ] as const),
  ]
  const unwatch = watched.map(([folder, some]) => {
    const onBlind = () => {
      for (const kind of some) blind.add(kind)
    }
    const wanted = (name: string) => !name.split('/').some((part) => part.startsWith('.'))
    return watchFolder(folder, { wanted, onBlind, delay: 200 }, () => changed(some))
  })

  /** Files of a kind by name, as they were at the last change. */
  async function filesOf(kind: AssetKind): Promise<ReadonlyMap<string, FoundFile>> {
    const known = scans.get(kind)
    if (known && !blind.has(kind)) return known
    const scan = scanAll(kind)
    scans.set(kind, scan)
    scan.catch(() => scans.delete(kind))
    return scan
  }

  async function scanAll(kind: AssetKind): Promise<ReadonlyMap<string, FoundFile>> {
    const files = await scanKind(folders, kind)
    const kept: FoundFile[] = []
    for (const file of files) {
      // What lies beside the folders of the kinds may be of any of them.
      if (file.isOwn || isPictureKind(kind) || !(await factsOf(file)).fault) kept.push(file)
    }
    const found = new Map(kept.map((file) => [file.name, file]))
    await adopt(kind, found)
    return found
  }

  /** What was said of a file that has gone is given to the file that has its bytes now. */
  async function adopt(kind: AssetKind, found: ReadonlyMap<string, FoundFile>): Promise<void> {
    const notes = memory.notes(kind)
    for (const [name, note] of notes) {
      if (found.has(name) || note.sha256 === undefined) continue
      for (const file of found.values()) {
        if (file.bytes !== note.bytes || notes.has(file.name)) continue
        if ((await shaOf(file)) !== note.sha256) continue
        memory.setNotes(kind, file.name, note)
        memory.setNotes(kind, name, undefined)
        break
      }
    }
  }

  async function remembered<T>(topic: string, file: FoundFile, make: () => Promise<T>): Promise<T> {
    const known = memory.known(topic, file.path, file.stamp)
    if (known !== undefined) return known as T
    const made = await make()
    memory.learn(topic, file.path, file.stamp, made)
    return made
  }
  const factsOf = (file: FoundFile): Promise<Facts> =>
    remembered(`facts of ${file.kind}`, file, () => readFacts(file.kind, file.path, file.name))
  const shaOf = (file: FoundFile): Promise<string | null> =>
    remembered('sha256', file, async () => (await hashFile(file.path))?.sha256 ?? null)

  async function assetOf(file: FoundFile, notes = memory.notes(file.kind)): Promise<Asset> {
    const { metadata: _, ...facts } = await factsOf(file)
    const { kind, name, bytes, modified, path, stamp } = file
    const sha256 = memory.known('sha256', path, stamp)
    return {
      ...{ kind, name, bytes, modified },
      ...facts,
      ...notes.get(name)?.change,
      ...(typeof sha256 === 'string' && { sha256 }),
      thumbnail: file.picture !== undefined,
    } as Asset
  }

  async function fileOf(kind: AssetKind, name: string): Promise<FoundFile | undefined> {
    const safe = visibleName(kind, name)
    if (isPictureKind(kind)) await findFile(folders, kind, safe)
    const found = (await filesOf(kind)).get(safe)
    const state = found && (await stat(found.path).catch(() => undefined))
    if (found && state && `${state.size}-${state.mtimeMs}` === found.stamp) return found
    if (!found && (await findFile(folders, kind, safe)) === undefined) return undefined
    // The system has not told of the change yet.
    scans.delete(kind)
    return (await filesOf(kind)).get(safe)
  }

  async function needed(kind: AssetKind, name: string): Promise<FoundFile> {
    const file = await fileOf(kind, name)
    if (file) return file
    const near = nearestNames(name, [...(await filesOf(kind)).keys()])
    const advice = near.length > 0 ? `; did you mean ${near.join(' or ')}` : ''
    throw new WorkflowError(`${kind}: no file ${JSON.stringify(name)}, one expected${advice}`)
  }

  async function drawThumbnail(picture: string, key: string): Promise<Uint8Array> {
    const path = join(data, 'thumbnails', key.slice(0, 2), `${key}.webp`)
    const kept = await readFile(path).catch(() => undefined)
    if (kept) return kept
    const { bytes } = await workbench.thumbnail(picture, thumbnailSize)
    await replaceFile(path, bytes)
    drawn += 1
    if (drawn % trimEvery === 0) await trimThumbnails()
    return bytes
  }

  return {
    async list(kind, filter) {
      const files = [...(await filesOf(kind)).values()]
      const notes = memory.notes(kind)
      const needsFacts = Boolean(filter.text || filter.tag || filter.family)
      if (!needsFacts) {
        const page = arranged(files, filter)
        const assets = await Promise.all(page.map((file) => assetOf(file, notes)))
        return { total: files.length, assets }
      }
      if (isPictureKind(kind)) {
        // Pictures say nothing of themselves that is searched, so only a page of them is opened.
        const found = files.filter(({ name }) =>
          matches({ name, ...notes.get(name)?.change }, filter),
        )
        const some = arranged(found, filter).map((file) => assetOf(file, notes))
        return { total: found.length, assets: await Promise.all(some) }
      }
      const assets = await Promise.all(files.map((file) => assetOf(file, notes)))
      const found = assets.filter((one) => matches(one, filter))
      return { total: found.length, assets: arranged(found, filter) }
    },
    async detail(kind, name) {
      const file = await fileOf(kind, name)
      if (!file) return undefined
      const { metadata } = await factsOf(file)
      return { ...(await assetOf(file)), metadata: { ...metadata } }
    },
    async change(kind, name, change) {
      const file = await needed(kind, name)
      const former = memory.notes(kind).get(file.name)
      const merged = { ...former?.change, ...change }
      // By its hash it is known again under another name.
      const sha256 = (await shaOf(file)) ?? undefined
      memory.setNotes(kind, file.name, { change: merged, bytes: file.bytes, sha256 })
      for (const listener of listeners) listener([kind])
      return assetOf(file)
    },
    async thumbnail(kind, name) {
      const file = await fileOf(kind, name)
      if (!file?.picture) return undefined
      const state = await stat(file.picture)
      const text = `${file.picture}\0${state.size}\0${state.mtimeMs}`
      const key = createHash('sha256').update(text).digest('hex').slice(0, 40)
      const drawn = drawing.get(key) ?? drawThumbnail(file.picture, key)
      drawing.set(key, drawn)
      return drawn.finally(() => drawing.delete(key))
    },
    path: (kind, name) => findFile(folders, kind, name),
    async upload(kind, name, body, { maxBytes }) {
      try {
        const taken = await takeUpload(folders, { kind, name, body, maxBytes, workbench })
        memory.setUpload(taken.path, true)
        changed([kind])
        return await assetOf(await needed(kind, taken.name))
      } finally {
        body.destroy()
      }
    },
    async remove(kind, name) {
      const file = await fileOf(kind, name)
      if (!file) return false
      if (!isPictureKind(kind) && !memory.isUpload(file.path)) {
        const remedy = 'remove it with your file manager'
        throw new WorkflowError(`${name}: was not uploaded, an uploaded file expected; ${remedy}`)
      }
      await rm(file.path, { force: true })
      memory.setUpload(file.path, false)
      memory.setNotes(kind, file.name, undefined)
      changed([kind])
      return true
    },
    async resolve(kind, { name, sha256 }) {
      const files = await filesOf(kind)
      const assets: Asset[] = []
      if (sha256 !== undefined) {
        for (const file of files.values()) {
          if ((await shaOf(file)) === sha256.toLowerCase()) assets.push(await assetOf(file))
        }
        if (assets.length > 0) return assets
      }
      const near = nearestNames(name, [...files.keys()])
      return Promise.all(near.map((one) => assetOf(files.get(one)!)))
    },
    async workflowOf(kind, name) {
      const path = await findFile(folders, kind, name)
      return path === undefined ? undefined : embeddedWorkflow(path)
    },
    async lineage(id) {
      const all = await Promise.all(kinds.map(async (kind) => [kind, await filesOf(kind)] as const))
      const files = Object.fromEntries(all) as Record<AssetKind, ReadonlyMap<string, FoundFile>>
      const pictures = new Map<string, readonly string[]>()
      for (const file of files.output.values()) {
        pictures.set(file.name, await remembered('texts', file, () => textsOf(file)))
      }
      const loras = new Map<string, Facts['metadata']>()
      for (const file of files.loras.values()) loras.set(file.name, (await factsOf(file)).metadata)
      const hashes = [...files.checkpoints.values()].flatMap(({ name, path, stamp }) => {
        const hash = memory.known('sha256', path, stamp)
        return typeof hash === 'string' ? [[name, hash] as const] : []
      })
      const names = Object.fromEntries(all.map(([kind, found]) => [kind, new Set(found.keys())]))
      return lineageOf(id, {
        ...{ pictures, loras, names: names as Record<AssetKind, Set<string>> },
        folders: await inputFolders(folders.input),
        hashes: new Map(hashes),
        trainings: new Set(await readdir(join(folders.output, 'training')).catch(() => [])),
        runOf: (picture) => runs?.runOfPicture(picture),
      })
    },
    follow(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async close() {
      for (const end of unwatch) end()
      listeners.clear()
      await Promise.allSettled([trimmed, swept, ...scans.values(), ...drawing.values()])
      memory.close()
    },
  }
}

async function textsOf({ path }: FoundFile): Promise<readonly string[]> {
  return [...textsIn(await quickWorkflow(path))]
}

async function inputFolders(input: string): Promise<ReadonlySet<string>> {
  const files = await openFolder(input, 'input')
    .list()
    .catch(() => [])
  return new Set(foldersOf(files.map(({ path }) => path)))
}
