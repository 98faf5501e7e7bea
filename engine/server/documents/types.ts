import type { DocumentInfo, PatchOp, TemplateInfo, Workflow } from '../../protocol/index.ts'

/** A document as it is now. */
export interface OpenDocument {
  readonly name: string
  readonly revision: number
  readonly workflow: Workflow
}

/** A former state of a document that is kept. */
export interface DocumentVersion {
  readonly revision: number
  /** When it was written, milliseconds since 1970. */
  readonly time: number
}

/** Who sent a patch, and the number that it gave it. */
export interface PatchSender {
  readonly client: string
  readonly request: number
}

/** A document after a patch. */
export interface PatchedDocument extends OpenDocument {
  /** The same sender's patch of this number was taken before, with this revision. */
  readonly isRepeated: boolean
}

/** Workflow files with revisions. A file changed from outside gets a new revision. */
export interface Documents {
  list(): Promise<readonly DocumentInfo[]>
  /** Undefined where there is none. Throws FormatError or WorkflowError where it is none. */
  read(name: string): Promise<OpenDocument | undefined>
  /**
   * Saves whole and synced; `revision` 0 makes a new one. Throws a StaleError with the present
   * document where the revision is another.
   */
  save(name: string, revision: number, workflow: Workflow): Promise<OpenDocument>
  /**
   * Applies ops to the present document, whatever its revision: ops are field-sized, and the last
   * writer of a field wins. What a sender sends twice under one number is applied once, also over a
   * restart. Throws a WorkflowError where the result is no workflow.
   */
  patch(name: string, ops: readonly PatchOp[], sender?: PatchSender): Promise<PatchedDocument>
  remove(name: string): Promise<boolean>
  rename(name: string, to: string): Promise<OpenDocument>
  /** The last states of a document, removed ones too, newest first. */
  versions(name: string): Promise<readonly DocumentVersion[]>
  /** One of them; undefined where it is not kept. */
  version(name: string, revision: number): Promise<Workflow | undefined>
  templates(): Promise<readonly TemplateInfo[]>
  template(name: string): Promise<Workflow | undefined>
  /** The finished picture of a template as WebP; undefined where it has none. */
  templatePicture(name: string): Promise<Uint8Array | undefined>
  /** Told of files made, changed and removed, from inside and outside. */
  follow(listener: (name: string, revision: number) => void): () => void
  close(): Promise<void>
}
