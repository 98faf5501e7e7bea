import type { PreviewFrame } from '../../executor/types.ts'

/** A preview as it goes over the wire. */
export interface PackedPreview {
  /** Which picture it replaces. */
  readonly key: string
  readonly bytes: Uint8Array
}

/** Writes the binary frame once for all editors: length of the head, head, picture. */
export function previewFrame({ head, bytes }: PreviewFrame): PackedPreview {
  const json = Buffer.from(JSON.stringify(head))
  const length = Buffer.alloc(4)
  length.writeUInt32LE(json.length)
  return {
    key: `${head.run} ${head.node} ${head.item}`,
    bytes: Buffer.concat([length, json, bytes]),
  }
}
