import type { Catalogue } from './catalogue.ts'
import type { Expanded } from './expand.ts'
import type { Place, Workflow } from './schema.ts'
import type { NodeShape } from './shape.ts'
import type { SocketType } from './socket-type.ts'

/** A node whose type, params and links are known to be right. */
export interface CheckedNode {
  readonly id: string
  readonly shape: NodeShape
  /** Number of items of the repeated group. */
  readonly items: number
  /** Params as stored, by full name, after migration. */
  readonly stored: Readonly<Record<string, unknown>>
  /** Params parsed, by full name; those fed by a link are absent. */
  readonly params: Readonly<Record<string, unknown>>
  /** Input or param -> where its value comes from. */
  readonly links: ReadonlyMap<string, Place>
  /** Param -> fingerprints of the files it names. */
  readonly files: Readonly<Record<string, string>>
  /** Output -> its type as far as it is known. */
  readonly outputs: ReadonlyMap<string, SocketType>
}

/** A workflow, or the part of it that was asked for, without problems. */
export interface CheckedGraph {
  /** As it was written. */
  readonly workflow: Workflow
  /** As it runs: without subgraphs and what is switched off. */
  readonly expanded: Expanded
  readonly catalogue: Catalogue
  /** Nodes by id, each after those that it needs. */
  readonly nodes: ReadonlyMap<string, CheckedNode>
}

/** Ids of the nodes that a node takes values of, each once. */
export function sourcesOf({ links }: Pick<CheckedNode, 'links'>): string[] {
  return [...new Set([...links.values()].map((from) => from.node))]
}
