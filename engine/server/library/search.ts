import type { Asset } from '../../protocol/index.ts'

/** What is wanted of a list. */
export interface AssetQuery {
  readonly text?: string | undefined
  readonly tag?: string | undefined
  readonly family?: string | undefined
}

/** What of an asset is searched. */
type Searched = { readonly [Key in (typeof searched)[number]]?: Asset[Key] | undefined } & {
  readonly name: string
}
const searched = ['title', 'notes', 'family', 'tags', 'triggers'] as const

interface Page {
  readonly order: 'name' | 'newest' | 'size'
  readonly offset: number
  readonly limit: number
}

/** True where every word of the text is in it, and tag and family are its own. */
export function matches(asset: Searched, { text = '', tag, family }: AssetQuery): boolean {
  if (family && asset.family !== family) return false
  if (tag && !asset.tags?.some((own) => own.toLowerCase() === tag.toLowerCase())) return false
  const { name, title = '', notes = '', tags = [], triggers = [] } = asset
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return true
  const all = [name, title, notes, ...tags, ...triggers].join('\n').toLowerCase()
  return words.every((word) => all.includes(word))
}

type Sortable = Pick<Asset, 'name' | 'modified' | 'bytes'>

const byName = (a: Sortable, b: Sortable) => Number(a.name > b.name) - Number(a.name < b.name)
const orders: Readonly<Record<Page['order'], (a: Sortable, b: Sortable) => number>> = {
  name: byName,
  newest: (a, b) => b.modified - a.modified || byName(a, b),
  size: (a, b) => b.bytes - a.bytes || byName(a, b),
}

/** One page of a list in its order. */
export function arranged<T extends Sortable>(
  list: readonly T[],
  { order, offset, limit }: Page,
): T[] {
  return list.toSorted(orders[order]).slice(offset, offset + limit)
}
