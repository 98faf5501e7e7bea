import { hash } from 'node:crypto'
import type { CheckedNode } from './graph.ts'
import type { RecordedNode } from './record.ts'

/** What a key is made of that may change between runs. */
export interface KeySource {
  readonly params: Readonly<Record<string, unknown>>
  readonly files: Readonly<Record<string, string>>
  /** Key of the node that feeds this input; undefined where its result has none. */
  readonly keyOf: (node: string) => string | undefined
}

/**
 * Everything that a node's result depends on, and the key made of it: type, version, purity,
 * params, fingerprints of files, keys of inputs. Never the node's id or place. The key is null for
 * an impure node and for what depends on one.
 */
export function recordNode(node: CheckedNode, { params, files, keyOf }: KeySource): RecordedNode {
  const { definition } = node.shape
  const { type, version, purity } = definition
  const inputs: Record<string, { from: string; key: string | null }> = {}
  const links: [string, string][] = []
  let pure = purity !== 'impure'
  for (const [name, { node: source, socket }] of node.links) {
    const key = keyOf(source)
    inputs[name] = { from: `${source}.${socket}`, key: key ?? null }
    if (key === undefined) pure = false
    else links.push([name, `${key}.${socket}`])
  }
  links.sort(([a], [b]) => (a < b ? -1 : 1))
  const text = () =>
    canonical([type, version, purity, node.items, params, files, Object.fromEntries(links)])
  const key = pure ? hash('sha256', text()) : null
  return { type, version, params, files, inputs, key }
}

/** Keys of nodes in an order in which each comes after those it needs. */
export function recordNodes(
  nodes: Iterable<CheckedNode>,
  sourceOf: (node: CheckedNode) => Omit<KeySource, 'keyOf'>,
): Map<string, RecordedNode> {
  const records = new Map<string, RecordedNode>()
  const keyOf = (id: string) => records.get(id)?.key ?? undefined
  for (const node of nodes) {
    records.set(node.id, recordNode(node, { ...sourceOf(node), keyOf }))
  }
  return records
}

/**
 * JSON with sorted keys, so that the order of writing is no content.
 * Throws a TypeError for what JSON cannot hold: a param of a definition must be plain data.
 */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    const prototype = Object.getPrototypeOf(value)
    if (prototype !== Object.prototype && prototype !== null) throw notPlain(value)
    const record = value as Record<string, unknown>
    const keys = Object.keys(record).filter((key) => record[key] !== undefined)
    const entries = keys.sort().map((key) => `${JSON.stringify(key)}:${canonical(record[key])}`)
    return `{${entries.join(',')}}`
  }
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value)
  const text = JSON.stringify(value)
  if (text === undefined) throw notPlain(value)
  return text
}

function notPlain(value: unknown): TypeError {
  return new TypeError(`param is a ${Object.prototype.toString.call(value)}, expected plain data`)
}
