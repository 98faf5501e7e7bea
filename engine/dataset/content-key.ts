import type { Dataset } from './settings.ts'

/** SHA-256 of bytes as 64 hexadecimal digits, as `DatasetSource.hash` gives it for a file. */
export async function hashBytes(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>)
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** SHA-256 of some texts as hexadecimal digits; where one ends and the next begins counts. */
export function contentKey(...texts: readonly string[]): Promise<string> {
  return hashBytes(new TextEncoder().encode(JSON.stringify(texts)))
}

/** Key of a dataset: what its pictures, masks and captions are, their order and the settings. */
export function datasetKey({ items, settings }: Pick<Dataset, 'items' | 'settings'>) {
  const parts = items.map((item) => [
    ...[item.path, item.key, item.maskKey ?? '', item.captions, item.repeats],
    ...[item.isRegularisation, item.licence ?? '', item.source ?? '', item.subset],
  ])
  return contentKey(JSON.stringify(settings), JSON.stringify(parts))
}
