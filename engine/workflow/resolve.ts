import type { Cache } from './cache.ts'
import { markType } from './codecs.ts'
import type { CheckedNode } from './graph.ts'
import type { Plan } from './plan.ts'
import type { RecordedNode } from './record.ts'

/** What becomes of a node: it runs, its result is there, or nobody needs it. */
export type Resolution =
  | { readonly state: 'run'; readonly why: 'no-cache' | 'no-key' | 'absent' | 'gone' }
  | { readonly state: 'memory' | 'disk'; readonly values: Values }
  | { readonly state: 'not-needed' }

type Values = Readonly<Record<string, unknown>>

export interface ResolveOptions {
  readonly cache: Cache | undefined
  readonly services: unknown
}

/**
 * Decides backwards from the wanted outputs which nodes run: a node whose asked-for outputs are in
 * the cache does not, and asks for nothing itself. Values found are held from here on.
 * `why` of a running node: there is no cache, its key depends on something impure, its result is
 * not in the cache, or it is but `stillValid` says that what it stands for is gone.
 */
export async function resolve(
  plan: Plan,
  records: ReadonlyMap<string, RecordedNode>,
  { cache, services }: ResolveOptions,
): Promise<Map<string, Resolution>> {
  const asked = new Map<string, Set<string>>()
  const ask = (node: string, output: string | undefined) => {
    const outputs = asked.get(node) ?? new Set()
    asked.set(node, output === undefined ? outputs : outputs.add(output))
  }
  for (const { node, output } of plan.wanted) ask(node, output)
  const resolved = new Map<string, Resolution>()
  for (const node of [...plan.nodes.values()].reverse()) {
    const outputs = asked.get(node.id)
    let resolution: Resolution = { state: 'not-needed' }
    if (outputs) {
      const key = records.get(node.id)!.key
      resolution = cache
        ? await lookUp(node, key, { outputs, cache, services })
        : { state: 'run', why: 'no-cache' }
    }
    resolved.set(node.id, resolution)
    if (resolution.state !== 'run') continue
    for (const from of node.links.values()) ask(from.node, from.socket)
  }
  return resolved
}

async function lookUp(
  node: CheckedNode,
  key: string | null,
  { outputs, cache, services }: { outputs: Set<string>; cache: Cache; services: unknown },
): Promise<Resolution> {
  if (key === null) return { state: 'run', why: 'no-key' }
  const { definition } = node.shape
  const names = definition.stillValid ? [...node.outputs.keys()] : [...outputs]
  const values: Record<string, unknown> = {}
  let state: 'memory' | 'disk' = 'memory'
  for (const name of node.outputs.size === 0 ? [undefined] : names) {
    const entry = entryOf(node, key, name)
    let hit = cache.memory(entry.key)
    if (!hit) {
      hit = await cache.disk(entry.key, entry.type)
      state = 'disk'
    }
    if (!hit) return { state: 'run', why: 'absent' }
    if (name !== undefined) values[name] = hit.value
  }
  if (definition.stillValid && !(await definition.stillValid(values, services))) {
    return { state: 'run', why: 'gone' }
  }
  return { state, values }
}

/** All outputs of a node from memory, or undefined where one is missing. */
export function recall(node: CheckedNode, key: string, cache: Cache): Values | undefined {
  const values: Record<string, unknown> = {}
  for (const name of node.outputs.size === 0 ? [undefined] : node.outputs.keys()) {
    const hit = cache.memory(entryOf(node, key, name).key)
    if (!hit) return undefined
    if (name !== undefined) values[name] = hit.value
  }
  return values
}

/** Stores what a node gave; one that gives nothing leaves a mark that it ran. */
export async function remember(
  node: CheckedNode,
  key: string,
  values: Values,
  cache: Cache,
): Promise<void> {
  const names = node.outputs.size === 0 ? [undefined] : [...node.outputs.keys()]
  await Promise.all(
    names.map((name) => {
      const entry = entryOf(node, key, name)
      return cache.put(entry.key, entry.type, name === undefined ? true : values[name])
    }),
  )
}

function entryOf(node: CheckedNode, key: string, name: string | undefined) {
  if (name === undefined) return { key, type: markType }
  return { key: `${key}.${name}`, type: node.outputs.get(name)! }
}
