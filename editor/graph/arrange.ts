import type { Point } from './metrics.ts'

/** What is arranged: sizes by id, and links from one id to another. */
export interface ArrangeInput {
  readonly sizes: ReadonlyMap<string, { readonly width: number; readonly height: number }>
  readonly links: readonly { readonly from: string; readonly to: string }[]
}

const columnGap = 60
const rowGap = 28
const sweeps = 8

/**
 * Places nodes in columns, each right of all that it takes values of, in an order that keeps links
 * short: the barycentre method of Sugiyama, Tagawa and Toda 1981. A circle is cut somewhere.
 */
export function arrange({ sizes, links }: ArrangeInput): Map<string, Point> {
  const known = links.filter(({ from, to }) => from !== to && sizes.has(from) && sizes.has(to))
  const before = Map.groupBy(known, ({ to }) => to)
  const after = Map.groupBy(known, ({ from }) => from)
  const sources = (id: string) => (before.get(id) ?? []).map(({ from }) => from)
  const targets = (id: string) => (after.get(id) ?? []).map(({ to }) => to)
  const columns = columnsOf([...sizes.keys()], sources, targets)
  for (let sweep = 0; sweep < sweeps; sweep++) {
    const forward = sweep % 2 === 0
    const order = forward ? columns : columns.toReversed()
    for (const column of order) sortByNeighbours(column, columns, forward ? sources : targets)
  }
  return placed(columns, sizes, sources)
}

/** Nodes by rank: the longest way from a start; starts stand close before what they feed. */
function columnsOf(
  ids: readonly string[],
  sources: (id: string) => string[],
  targets: (id: string) => string[],
): string[][] {
  const rank = new Map<string, number>()
  const open = new Set<string>()
  const rankOf = (id: string): number => {
    const found = rank.get(id)
    if (found !== undefined) return found
    if (open.has(id)) return 0
    open.add(id)
    const value = Math.max(-1, ...sources(id).map(rankOf)) + 1
    open.delete(id)
    rank.set(id, value)
    return value
  }
  for (const id of ids) rankOf(id)
  for (const id of ids) {
    const next = targets(id).map((target) => rank.get(target)!)
    if (sources(id).length > 0 || next.length === 0) continue
    rank.set(id, Math.max(0, Math.min(...next) - 1))
  }
  const columns: string[][] = []
  for (const id of ids) {
    const column = rank.get(id)!
    columns[column] ??= []
    columns[column].push(id)
  }
  return Array.from(columns, (column) => column ?? [])
}

function sortByNeighbours(
  column: string[],
  columns: readonly string[][],
  neighbours: (id: string) => string[],
): void {
  const places = new Map<string, number>()
  for (const other of columns) {
    for (const [index, id] of other.entries()) places.set(id, (index + 0.5) / other.length)
  }
  const wish = new Map(
    column.map((id) => {
      const near = neighbours(id).map((other) => places.get(other)!)
      const sum = near.reduce((total, place) => total + place, 0)
      return [id, near.length > 0 ? sum / near.length : places.get(id)!] as const
    }),
  )
  column.sort((a, b) => wish.get(a)! - wish.get(b)!)
}

/** Each column beside the former, each node as near to the height of its sources as it can be. */
function placed(
  columns: readonly string[][],
  sizes: ArrangeInput['sizes'],
  sources: (id: string) => string[],
): Map<string, Point> {
  const places = new Map<string, Point>()
  let x = 0
  for (const column of columns) {
    let y = 0
    for (const id of column) {
      const near = sources(id).flatMap((other) => places.get(other)?.y ?? [])
      const wish = near.length > 0 ? Math.min(...near) : 0
      const top = Math.max(y, wish)
      places.set(id, { x, y: top })
      y = top + sizes.get(id)!.height + rowGap
    }
    x += Math.max(0, ...column.map((id) => sizes.get(id)!.width)) + columnGap
  }
  return places
}
