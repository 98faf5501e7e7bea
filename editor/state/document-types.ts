import type { Step } from './history.ts'
import type { EditorDocument, PatchOp, Workflow } from './types.ts'

/** All of a document that a reload must bring back; plain JSON. */
export interface DocumentDump {
  readonly id: string
  readonly name: string | undefined
  /** As the server has it at `revision`; what is pending lies on top. */
  readonly confirmed: Workflow
  readonly revision: number
  readonly pending: readonly PatchOp[]
  readonly sent: Sent | undefined
  readonly conflict: Workflow | undefined
  readonly steps: readonly Step[]
  readonly place: number
}

/** The first `count` pending ops are on their way under this request number. */
export interface Sent {
  readonly count: number
  readonly request: number
}

/** What happened to a document, in the order in which it can be played again. */
export type DocumentEvent =
  | {
      readonly do: 'transact'
      readonly label: string
      readonly ops: readonly PatchOp[]
      readonly merge?: string
    }
  | { readonly do: 'undo' }
  | { readonly do: 'redo' }
  | { readonly do: 'remote'; readonly ops: readonly PatchOp[]; readonly revision: number }
  | { readonly do: 'confirm'; readonly count: number; readonly revision: number }
  | {
      readonly do: 'rebase'
      readonly workflow: Workflow
      readonly revision: number
      readonly pending: readonly PatchOp[]
    }
  | { readonly do: 'sent'; readonly sent: Sent | undefined }
  | { readonly do: 'conflict'; readonly workflow: Workflow | undefined }
  | { readonly do: 'name'; readonly name: string | undefined; readonly revision: number }

/** A document with what the link and the journal need of it beside what panels see. */
export interface OpenDocument extends EditorDocument {
  /** A patch of somebody else: goes under what is pending, and is not undone by `undo`. */
  applyRemote(ops: readonly PatchOp[], revision?: number): void
  /** Another document in its place, as one step of undo. */
  replace(workflow: Workflow, label?: string): void
  /** As the server has it; equal to `workflow` where nothing is pending. */
  readonly confirmed: Workflow
  readonly revision: number
  /** Ops done here that the server has not confirmed, oldest first. */
  readonly pending: readonly PatchOp[]
  /** What is on its way to the server. Kept in the journal: after a crash it may have arrived. */
  readonly sent: Sent | undefined
  setSent(sent: Sent | undefined): void
  /** What was here when the server refused it; undefined where nothing was refused. */
  readonly conflict: Workflow | undefined
  setConflict(workflow: Workflow | undefined): void
  /** The first `count` pending ops are on the server now. */
  confirm(count: number, revision: number): void
  /** The server's document, and what is pending on top of it: after a reconnect or refusal. */
  rebase(workflow: Workflow, revision: number, pending: readonly PatchOp[]): void
  setName(name: string | undefined, revision: number): void
  setSaved(saved: EditorDocument['saved']): void
  /** Told when `saved`, `name` or the place in history changes. */
  followState(listener: () => void): () => void
  /** Told of all that must be written to the journal. */
  followEvents(listener: (event: DocumentEvent) => void): () => void
  dump(): DocumentDump
}
