import type { AssetKind, Lineage } from '../../protocol/index.ts'

/** What a lineage is worked out from. All of it is looked up, nothing is guessed by time. */
export interface LineageSources {
  /** Names that are in the library, by kind. */
  readonly names: Readonly<Record<AssetKind, ReadonlySet<string>>>
  /** Folders below the input folder. */
  readonly folders: ReadonlySet<string>
  /** Texts of the workflow that each picture of the output folder carries. */
  readonly pictures: ReadonlyMap<string, readonly string[]>
  /** Metadata of each LoRA. */
  readonly loras: ReadonlyMap<string, Readonly<Record<string, string>>>
  /** SHA-256 of checkpoints, as far as they are known. */
  readonly hashes: ReadonlyMap<string, string>
  /** Names of training runs in the output folder. */
  readonly trainings: ReadonlySet<string>
  readonly runOf: (picture: string) => { readonly run: string; readonly time: number } | undefined
}

type LineageNode = Lineage['nodes'][number]
type NodeKind = LineageNode['kind']

/** Beyond this a picture of it helps nobody. */
const mostNodes = 500

const kindsOfNode: Readonly<Record<string, NodeKind>> = {
  run: 'run',
  training: 'run',
  output: 'picture',
  loras: 'lora',
  checkpoints: 'checkpoint',
  dataset: 'dataset',
}

/** All causes of a thing and all that came from it. */
export function lineageOf(id: string, sources: LineageSources): Lineage {
  const links = allLinks(sources)
  const towards = Map.groupBy(links, ({ to }) => to)
  const away = Map.groupBy(links, ({ from }) => from)
  const seen = new Set([id])
  walk(id, (at) => (towards.get(at) ?? []).map(({ from }) => from), seen)
  walk(id, (at) => (away.get(at) ?? []).map(({ to }) => to), seen)
  return {
    nodes: [...seen].map((one) => nodeOf(one, sources)),
    links: links.filter(({ from, to }) => seen.has(from) && seen.has(to)),
  }
}

function walk(start: string, next: (at: string) => readonly string[], seen: Set<string>): void {
  const reached = new Set([start])
  for (const at of reached) {
    for (const one of next(at)) {
      if (seen.size >= mostNodes) return
      reached.add(one)
      seen.add(one)
    }
  }
}

function nodeOf(id: string, { folders, runOf }: LineageSources): LineageNode {
  const [place = '', name = ''] = [id.slice(0, id.indexOf(':')), id.slice(id.indexOf(':') + 1)]
  const kind = place === 'input' && folders.has(name) ? 'dataset' : (kindsOfNode[place] ?? 'file')
  const time = place === 'output' ? runOf(name)?.time : undefined
  return { id, kind, title: name, ...(time !== undefined && { time }) }
}

function allLinks(sources: LineageSources): Lineage['links'] {
  const links = new Map<string, { from: string; to: string }>()
  const add = (from: string, to: string) => links.set(`${from}\0${to}`, { from, to })
  for (const [picture, texts] of sources.pictures) {
    const run = sources.runOf(picture)?.run
    const effect = run === undefined ? `output:${picture}` : `run:${run}`
    if (run !== undefined) add(effect, `output:${picture}`)
    for (const text of texts) for (const cause of named(text, sources)) add(cause, effect)
  }
  for (const [name, metadata] of sources.loras) {
    const training = trainingOf(metadata, sources)
    const effect = training === undefined ? `loras:${name}` : `training:${training}`
    if (training !== undefined) add(effect, `loras:${name}`)
    for (const cause of causesOf(metadata, sources)) add(cause, effect)
  }
  return [...links.values()]
}

/** Files of any kind that have this name. */
function named(text: string, { names, folders }: LineageSources): string[] {
  const kinds = Object.keys(names) as AssetKind[]
  const files = kinds.filter((kind) => names[kind].has(text)).map((kind) => `${kind}:${text}`)
  return folders.has(text) ? [...files, `input:${text}`] : files
}

function trainingOf(metadata: Readonly<Record<string, string>>, { trainings }: LineageSources) {
  const name = metadata.ss_output_name
  return [...trainings].find(
    (one) => name !== undefined && (one === name || one.endsWith(`/${name}`)),
  )
}

/** The checkpoint by its hash, else by its name, and the folders of pictures by theirs. */
function causesOf(metadata: Readonly<Record<string, string>>, sources: LineageSources): string[] {
  const { ss_sd_model_name: base, ss_new_sd_model_hash: hash } = metadata
  const byHash = [...sources.hashes].find(([, known]) => known === hash)?.[0]
  const isBase = (name: string) =>
    lastOf(name) === base || lastOf(name).replace(/\.safetensors$/, '') === base
  const checkpoint = byHash ?? [...sources.names.checkpoints].find(isBase)
  const dirs = Object.keys(objectIn(metadata.ss_dataset_dirs))
  const folders = [...sources.folders].filter((folder) => dirs.includes(lastOf(folder)))
  return [
    ...(checkpoint === undefined ? [] : [`checkpoints:${checkpoint}`]),
    ...folders.map((folder) => `input:${folder}`),
  ]
}

function lastOf(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1)
}

function objectIn(text: string | undefined): object {
  try {
    return Object(JSON.parse(text ?? '{}'))
  } catch {
    return {}
  }
}

/** Every text in a JSON value, however deep; each once. */
export function textsIn(value: unknown, found = new Set<string>()): Set<string> {
  if (typeof value === 'string') found.add(value)
  else if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) textsIn(inner, found)
  }
  return found
}
