import type { Readable } from 'node:stream'
import type { Asset, AssetChange, AssetDetail, AssetKind, Lineage } from '../../protocol/index.ts'

/** The files of the configured folders. No name leaves them. */
export interface Library {
  list(
    kind: AssetKind,
    filter: {
      text?: string | undefined
      tag?: string | undefined
      family?: string | undefined
      order: 'name' | 'newest' | 'size'
      offset: number
      limit: number
    },
  ): Promise<{ total: number; assets: readonly Asset[] }>
  detail(kind: AssetKind, name: string): Promise<AssetDetail | undefined>
  change(kind: AssetKind, name: string, change: AssetChange): Promise<Asset>
  /** WebP, made once and kept. */
  thumbnail(kind: AssetKind, name: string): Promise<Uint8Array | undefined>
  /** Absolute path of a file; undefined where there is none. Throws for names that leave. */
  path(kind: AssetKind, name: string): Promise<string | undefined>
  /**
   * Takes an upload in: written beside, checked, then renamed; nothing is left of a bad one.
   * A taken name gets a number. Throws FormatError.
   */
  upload(
    kind: AssetKind,
    name: string,
    body: Readable,
    options: { readonly maxBytes: number },
  ): Promise<Asset>
  remove(kind: AssetKind, name: string): Promise<boolean>
  /** The file with this SHA-256, or the names most like `name`: for models that are missing. */
  resolve(kind: AssetKind, wanted: { name: string; sha256?: string }): Promise<readonly Asset[]>
  /** The workflow that a picture carries; undefined where it carries none. */
  workflowOf(kind: 'input' | 'output', name: string): Promise<unknown>
  lineage(id: string): Promise<Lineage>
  /** Told when files came, changed or went. */
  follow(listener: (kinds: readonly AssetKind[]) => void): () => void
  close(): Promise<void>
}
