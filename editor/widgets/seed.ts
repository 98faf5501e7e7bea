import type { Json, PatchOp, Workflow } from '../state/types.ts'

/**
 * Seeds that are what they say: where a seed is to change it changes before the run is submitted,
 * so the one shown is the one used.
 */

export type SeedMode = 'fixed' | 'random' | 'increment'

/** The modes in the order in which they are offered. */
export const seedModes: readonly SeedMode[] = ['fixed', 'random', 'increment']

/** What a node's layout remembers of its seeds, by param. */
export interface SeedLayout {
  readonly seedMode?: Readonly<Record<string, SeedMode>>
  readonly seedLast?: Readonly<Record<string, number>>
}

/** What differs between modes: the seed of the next run. `random` gives 0 to below 1. */
const steps: Readonly<
  Record<SeedMode, (seed: number, max: number, random: () => number) => number>
> = {
  fixed: (seed) => seed,
  random: (_, max, random) => Math.floor(random() * (max + 1)),
  increment: (seed, max) => (seed >= max ? 0 : seed + 1),
}

/** Seeds that are drawn stay below 2^32, so that they can be read out and typed elsewhere. */
const drawnMax = 2 ** 32 - 1

/** The seed of the next run; at most `max`, after which counting begins at 0 again. */
export function nextSeed(
  mode: SeedMode,
  seed: number,
  { random = Math.random, max = Number.MAX_SAFE_INTEGER } = {},
): number {
  return steps[mode](seed, mode === 'random' ? Math.min(max, drawnMax) : max, random)
}

/** The mode of a node's seed; `fixed` unless chosen. */
export function seedModeOf(workflow: Workflow, node: string, param: string): SeedMode {
  return seedLayoutOf(workflow, node).seedMode?.[param] ?? 'fixed'
}

/** What the layout of a node says of seeds. */
export function seedLayoutOf(workflow: Workflow, node: string): SeedLayout {
  const { layout } = workflow
  return layout && Object.hasOwn(layout, node) ? (layout[node] as SeedLayout) : {}
}

/** A seed param of a workflow. */
export interface SeedPlace {
  readonly node: string
  readonly param: string
  readonly max: number
  /** Where the workflow gives none. */
  readonly fallback: number
}

/**
 * The change of a workflow before a run: new seeds where the mode says so, with the former one
 * remembered. A seed that a link feeds is not touched. Empty where nothing changes.
 */
export function advanceSeeds(
  workflow: Workflow,
  places: readonly SeedPlace[],
  random: () => number = Math.random,
): PatchOp[] {
  const changed = new Map<string, { params: Record<string, Json>; last: Record<string, Json> }>()
  for (const { node, param, max, fallback } of places) {
    const entry = workflow.nodes[node]
    const mode = seedModeOf(workflow, node, param)
    if (!entry || entry.inputs?.[param] !== undefined || mode === 'fixed') continue
    const given = entry.params?.[param] ?? fallback
    if (typeof given !== 'number') continue
    const { params, last } = changed.get(node) ?? { params: {}, last: {} }
    params[param] = nextSeed(mode, given, { random, max })
    changed.set(node, { params, last: { ...last, [param]: given } })
  }
  return [...changed].flatMap(([node, { params, last }]) => {
    const before = seedLayoutOf(workflow, node).seedLast
    const seeds: PatchOp[] = workflow.nodes[node]!.params
      ? Object.entries(params).map(([name, value]) => {
          return { path: ['nodes', node, 'params', name], value }
        })
      : [{ path: ['nodes', node, 'params'], value: params }]
    return [...seeds, { path: ['layout', node, 'seedLast'], value: { ...before, ...last } }]
  })
}
