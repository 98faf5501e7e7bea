import type { NodeInfo, Place } from './types.ts'

/** Names of sockets and params, and what a node type says of them. */

/** Descriptions of node types by name. */
export type NodeInfos = ReadonlyMap<string, NodeInfo>

/** Splits "node.socket" at its first dot. */
export function placeOf(text: string): Place {
  const dot = text.indexOf('.')
  return dot < 0
    ? { node: text, socket: '' }
    : { node: text.slice(0, dot), socket: text.slice(dot + 1) }
}

/** "node.socket", as files hold it. */
export function printPlace({ node, socket }: Place): string {
  return `${node}.${socket}`
}

/** Base and item of a name that the type knows. */
export function partsOf(
  info: NodeInfo,
  name: string,
): { readonly base: string; readonly item: number } | undefined {
  const has = (list: readonly { readonly name: string }[], wanted: string) =>
    list.some((entry) => entry.name === wanted)
  if (has(info.inputs, name) || has(info.params, name)) return { base: name, item: 0 }
  const match = info.repeat && /^(.*?)([1-9]\d*)$/.exec(name)
  if (!info.repeat || !match) return undefined
  const base = match[1]!
  const known = has(info.repeat.inputs, base) || has(info.repeat.params, base)
  return known ? { base, item: Number(match[2]) } : undefined
}

/** The declared type of an input or of a param that a link may feed, by full name. */
export function declaredInput(info: NodeInfo, name: string): string | undefined {
  const parts = partsOf(info, name)
  if (!parts) return undefined
  const { inputs, params } = parts.item === 0 ? info : info.repeat!
  const input = inputs.find((entry) => entry.name === parts.base)
  return input ? input.type : params.find((entry) => entry.name === parts.base)?.socket
}
