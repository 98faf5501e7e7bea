import { createStore } from 'zustand/vanilla'
import type { Asset, AssetKind } from '../../engine/protocol/library.ts'
import type { NodeStatus, QueueInfo, RunInfo } from '../../engine/protocol/runs.ts'
import type { HardwareInfo } from '../../engine/protocol/system.ts'
import type { Problem } from '../../engine/protocol/workflow.ts'
import type { EditorDocument, NodeInfo, Place } from './types.ts'

/** The stores that components subscribe to, each to its own slice with `useStore(store, pick)`. */

/** Node types by name; empty until the server has answered. */
export const catalogue = createStore<{ readonly nodes: ReadonlyMap<string, NodeInfo> }>(() => ({
  nodes: new Map(),
}))

/** Open documents and the one in front. */
export const tabs = createStore<{
  readonly open: readonly EditorDocument[]
  readonly active: string | undefined
}>(() => ({ open: [], active: undefined }))

/** The document in front. Throws where none is open. */
export function activeDocument(): EditorDocument {
  const { open, active } = tabs.getState()
  const document = open.find(({ id }) => id === active)
  if (!document) throw new Error('no document is open')
  return document
}

/** Ids of nodes, frames and notes; links by their input, "node.socket". Not part of undo. */
export const selection = createStore<{
  readonly ids: ReadonlySet<string>
  readonly links: ReadonlySet<string>
}>(() => ({ ids: new Set(), links: new Set() }))

/** The connection to the server. */
export const connection = createStore<{
  readonly state: 'connecting' | 'open' | 'lost'
  /** Of this tab. */
  readonly client: string
}>(() => ({ state: 'connecting', client: '' }))

/** Runs as the server tells of them. */
export const runs = createStore<{
  readonly runs: ReadonlyMap<string, RunInfo>
  /** Run -> node -> status, of runs that are active or were looked at. */
  readonly nodes: ReadonlyMap<string, ReadonlyMap<string, NodeStatus>>
  readonly queue: QueueInfo
  /** The run whose states the canvas shows, by document id. */
  readonly shown: ReadonlyMap<string, string>
}>(() => ({
  runs: new Map(),
  nodes: new Map(),
  queue: { paused: false, waiting: 0, running: [] },
  shown: new Map(),
}))

/** Object addresses of previews, by "run node"; the former one is revoked. */
export const previews = createStore<{ readonly urls: ReadonlyMap<string, string> }>(() => ({
  urls: new Map(),
}))

/** Points of charts that came as metrics, by "run node name". */
export const metrics = createStore<{
  readonly rows: ReadonlyMap<string, readonly Readonly<Record<string, unknown>>[]>
}>(() => ({ rows: new Map() }))

/** What the check says of the document in front. */
export const problems = createStore<{
  readonly problems: readonly Problem[]
  readonly checking: boolean
}>(() => ({ problems: [], checking: false }))

/** Files by kind; a kind that nobody asked for is absent. `loadAssets` of the link fills it. */
export const library = createStore<{
  readonly assets: Readonly<Partial<Record<AssetKind, readonly Asset[]>>>
}>(() => ({ assets: {} }))

/** The meter. */
export const hardware = createStore<{ readonly now: HardwareInfo | undefined }>(() => ({
  now: undefined,
}))

/** Where a node search was opened. */
export interface SearchRequest {
  /** On the canvas; the middle of the view unless given. */
  readonly at?: { readonly x: number; readonly y: number }
  /** An open end of a link: only what fits is offered, and the first fitting socket is linked. */
  readonly from?: Place & { readonly side: 'input' | 'output'; readonly type: string }
}

/** What is open around the canvas. */
export const surface = createStore<{
  readonly search: SearchRequest | undefined
  /** Name of the open side panel. */
  readonly panel: string | undefined
  /** Name of an open dialog with what it needs. */
  readonly dialog: { readonly name: string; readonly about?: unknown } | undefined
  /** Names of the subgraphs that the canvas has gone into, by instance id, outermost first. */
  readonly path: readonly string[]
  /** Said once by a screen reader and shown for a while. */
  readonly notices: readonly {
    readonly id: number
    readonly text: string
    readonly tone: 'plain' | 'good' | 'bad'
  }[]
}>(() => ({ search: undefined, panel: undefined, dialog: undefined, path: [], notices: [] }))

let lastNotice = 0

/** Shows and says a sentence. */
export function notify(text: string, tone: 'plain' | 'good' | 'bad' = 'plain'): void {
  lastNotice += 1
  const notice = { id: lastNotice, text, tone }
  surface.setState(({ notices }) => ({ notices: [...notices.slice(-4), notice] }))
}
