/** Nodes in an order in which each comes after those it needs, and the cycles that prevent it. */
export interface Order {
  readonly order: readonly string[]
  /** Each once round, against the direction of `sources`. Their nodes are not in `order`. */
  readonly cycles: readonly (readonly string[])[]
}

/**
 * Sorts nodes so that those in `sources` of a node stand before it, as late as possible: what feeds
 * the first id stands before what only later ids need. Sources that are no ids are skipped.
 * Walks without recursion; long chains do no harm.
 */
export function sortNodes(ids: Iterable<string>, sources: (id: string) => Iterable<string>): Order {
  const state = new Map<string, 'open' | 'done' | 'cyclic'>()
  const all = new Set(ids)
  const order: string[] = []
  const cycles: string[][] = []
  for (const root of all) {
    if (state.has(root)) continue
    state.set(root, 'open')
    const path = [{ id: root, rest: sources(root)[Symbol.iterator]() }]
    while (path.length > 0) {
      const { id, rest } = path.at(-1)!
      const next = rest.next()
      if (next.done) {
        path.pop()
        if (state.get(id) !== 'cyclic') order.push(id)
        if (state.get(id) === 'open') state.set(id, 'done')
        continue
      }
      const source = next.value
      const seen = state.get(source)
      if (seen === undefined && all.has(source)) {
        state.set(source, 'open')
        path.push({ id: source, rest: sources(source)[Symbol.iterator]() })
      } else if (seen !== undefined && seen !== 'done') {
        const start = path.findIndex((step) => step.id === source)
        if (start < 0) continue
        const cycle = path.slice(start).map((step) => step.id)
        if (cycle.every((member) => state.get(member) === 'open')) cycles.push(cycle.reverse())
        for (const member of cycle) state.set(member, 'cyclic')
      }
    }
  }
  return { order, cycles }
}

/** The roots and everything that they need, directly or not. */
export function closure(
  roots: Iterable<string>,
  sources: (id: string) => Iterable<string>,
): Set<string> {
  const found = new Set(roots)
  for (const id of found) {
    for (const source of sources(id)) found.add(source)
  }
  return found
}
