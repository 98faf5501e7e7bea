import type { Workflow } from '../../state/types.ts'

/** A param of a workflow: "node.param" and its value as text. */
export interface Fact {
  readonly place: string
  readonly value: string
}

/** A param that two workflows give other values; empty where one does not have it. */
export interface Difference {
  readonly place: string
  readonly left: string
  readonly right: string
}

const telling = /^(seed|text|value|steps|guidance|sampler|schedule|denoise|ratio\d*)$/

/** The params that say most of a picture: seed, prompt, steps, ratios. */
export function factsOf(workflow: Workflow): Fact[] {
  return [...paramsOf(workflow)]
    .filter(([place]) => telling.test(place.slice(place.lastIndexOf('.') + 1)))
    .map(([place, value]) => ({ place, value }))
}

/** Params that differ between two workflows, in the order of the first. */
export function differences(left: Workflow, right: Workflow): Difference[] {
  const [ours, theirs] = [paramsOf(left), paramsOf(right)]
  return [...new Set([...ours.keys(), ...theirs.keys()])]
    .map((place) => ({ place, left: ours.get(place) ?? '', right: theirs.get(place) ?? '' }))
    .filter((row) => row.left !== row.right)
}

function paramsOf({ nodes }: Workflow): Map<string, string> {
  const found = Object.entries(nodes).flatMap(([id, { params = {} }]) =>
    Object.entries(params).map(([name, value]) => [`${id}.${name}`, print(value)] as const),
  )
  return new Map(found)
}

function print(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
