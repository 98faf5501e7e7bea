import type { Json } from './json.ts'

/**
 * One change of a document. `value` absent: the entry at `path` goes. `before`: the key that the
 * new entry stands before, so that taking back a removal restores the order of the file.
 */
export interface PatchOp {
  readonly path: readonly string[]
  readonly value?: Json
  readonly before?: string
}
