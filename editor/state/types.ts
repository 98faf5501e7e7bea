import type { NodeInfo, ParamInfo, SocketInfo } from '../../engine/protocol/catalogue.ts'
import type { Json } from '../../engine/protocol/json.ts'
import type { PatchOp } from '../../engine/protocol/patch.ts'
import type { NodeEntry, Workflow } from '../../engine/protocol/workflow.ts'

export type { Json, NodeEntry, NodeInfo, ParamInfo, PatchOp, SocketInfo, Workflow }

/** One end of a link: `node.socket`. */
export interface Place {
  readonly node: string
  readonly socket: string
}

/**
 * What lies on the canvas beside nodes is in the workflow's `layout` too, under ids of its own;
 * entries of nodes have no `kind`. The engine ignores all of it.
 */
export interface NodeLayout {
  readonly x: number
  readonly y: number
  /** Width in pixels at zoom 1; 240 unless given. */
  readonly width?: number
  readonly collapsed?: boolean
  readonly colour?: string
  /** A name of its own in place of the type's title. */
  readonly title?: string
}

/** A coloured frame around nodes. Nodes whose middle lies in it move with it. */
export interface FrameLayout {
  readonly kind: 'frame'
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  readonly title: string
  readonly colour?: string
}

/** A comment: text on the canvas. */
export interface NoteLayout {
  readonly kind: 'note'
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  readonly text: string
  readonly colour?: string
}

/** What a change touched. */
export interface DocumentChange {
  readonly origin: 'local' | 'undo' | 'redo' | 'remote' | 'load'
  readonly ops: readonly PatchOp[]
  /** Ids of nodes whose entry, links or layout changed, or that came or went. */
  readonly nodes: ReadonlySet<string>
  /** True where inputs, outputs, name, frames or notes changed. */
  readonly others: boolean
}

/** An open document. The workflow in it is never modified, only replaced. */
export interface EditorDocument {
  /** Name on the server; undefined while it was never saved there. */
  readonly name: string | undefined
  /** Stable for the tab's life, key of the local journal. */
  readonly id: string
  readonly workflow: Workflow
  /** Nodes of the definition that is open: the root, or inside subgraphs by name. */
  readonly saved: 'saved' | 'saving' | 'unsaved' | 'offline' | 'conflict'
  /**
   * Applies ops as one step of undo. `merge`: joins the last step where that had the same key and
   * nothing came between (a slider being dragged). Empty ops are no step.
   */
  transact(label: string, ops: readonly PatchOp[], options?: { merge?: string }): void
  undo(): boolean
  redo(): boolean
  /** Labels, oldest first; `place` steps are done. */
  readonly history: { readonly labels: readonly string[]; readonly place: number }
  /** Told after every change. Gives the function that ends it. */
  follow(listener: (change: DocumentChange) => void): () => void
  /** As `follow`, of one node only: its entry, links into it, layout. */
  followNode(id: string, listener: () => void): () => void
}
