/** What the key of a node was made of: plain JSON, kept by the caller between runs. */
export interface RecordedNode {
  readonly type: string
  readonly version: number
  readonly params: Readonly<Record<string, unknown>>
  readonly files: Readonly<Record<string, string>>
  /** Input -> "node.output" and the key of that node. */
  readonly inputs: Readonly<Record<string, { readonly from: string; readonly key: string | null }>>
  /** Null where the result depends on more than what is written here. */
  readonly key: string | null
}

export interface RunRecord {
  readonly nodes: Readonly<Record<string, RecordedNode>>
}
