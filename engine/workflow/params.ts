import type { z } from 'zod'
import { didYouMean } from '../closest.ts'
import { expected, found } from '../expected.ts'
import { own } from './schema.ts'
import { type NodeShape, type ParamShape, paramNames, portOf } from './shape.ts'

type Values = Readonly<Record<string, unknown>>

/** A param that is wrong, and what is wrong in words. */
export interface ParamFault {
  readonly param: string
  readonly message: string
}

/** The value of a param, or what is wrong with it. */
export type ParsedParam =
  | { readonly value: unknown; readonly fault?: undefined }
  | { readonly fault: string }

/** Checks one value. The fault reads `steps is 0, expected 1 to 1000`. */
export function parseParam(name: string, param: ParamShape, stored: unknown): ParsedParam {
  const result = param.schema.safeParse(stored)
  if (result.success) return { value: result.data }
  return { fault: faultOf(name, param.json, stored, result.error.issues[0]!) }
}

/**
 * Parses the params of a node by full name. Those in `linked` are left out, and with them rules
 * that concern several params; these apply at run time, when every value is there.
 */
export function parseParams(
  shape: NodeShape,
  items: number,
  stored: Values,
  linked: { has(name: string): boolean },
): { readonly values: Record<string, unknown>; readonly faults: readonly ParamFault[] } {
  const values: Record<string, unknown> = {}
  const faults: ParamFault[] = []
  for (const name of paramNames(shape, items)) {
    if (linked.has(name)) continue
    const parsed = parseParam(name, portOf(shape, name)!.param!, own(stored, name))
    if (parsed.fault !== undefined) faults.push({ param: name, message: parsed.fault })
    else if (parsed.value !== undefined) values[name] = parsed.value
  }
  if (faults.length === 0) faults.push(...groupFaults(shape, items, stored, linked))
  return { values, faults }
}

/** What breaks a rule that a definition puts on its params together. */
function groupFaults(
  shape: NodeShape,
  items: number,
  stored: Values,
  linked: { has(name: string): boolean },
): ParamFault[] {
  const groups = [{ schema: shape.definition.params, params: shape.params, suffix: '' }]
  for (let item = 1; shape.repeat && item <= items; item++) {
    groups.push({ ...shape.repeat, suffix: String(item) })
  }
  return groups.flatMap(({ schema, params, suffix }) => {
    const names = [...params.keys()]
    if (!schema.def.checks?.length || names.some((name) => linked.has(name + suffix))) return []
    const given = names.filter((name) => own(stored, name + suffix) !== undefined)
    const result = schema.safeParse(Object.fromEntries(given.map((n) => [n, stored[n + suffix]])))
    if (result.success) return []
    return result.error.issues.map(({ path, message }) => {
      const param = String(path[0] ?? names[0]) + suffix
      return { param, message: `${param} is ${found(own(stored, param))}, ${message}` }
    })
  })
}

/** The params of a node as `run`, `infer` and `inspect` get them, `items` by number. */
export function groupParams(shape: NodeShape, items: number, values: Values) {
  const pick = (names: Iterable<string>, suffix: string) => {
    const result: Record<string, unknown> = {}
    for (const name of names) {
      if (Object.hasOwn(values, name + suffix)) result[name] = values[name + suffix]
    }
    return result
  }
  const own = pick(shape.params.keys(), '')
  if (!shape.repeat) return { own, items: undefined }
  const names = [...shape.repeat.params.keys()]
  return { own, items: Array.from({ length: items }, (_, index) => pick(names, String(index + 1))) }
}

function faultOf(name: string, json: Values, stored: unknown, issue: z.core.$ZodIssue): string {
  let schema: unknown = json
  let value = stored
  for (const part of issue.path) {
    const { items, properties } = (schema ?? {}) as { items?: unknown; properties?: Values }
    schema = typeof part === 'number' ? items : own(properties, String(part))
    value = own(value as Values, String(part))
  }
  const place = [name, ...issue.path].join('.')
  const wanted = (schema ?? {}) as Values
  // A rule of the definition's own says itself what it expects.
  const says = wanted.type === undefined || issue.code === 'custom'
  if (says) return `${place} is ${found(value)}, ${issue.message}`
  const choices = Array.isArray(wanted.enum) && typeof value === 'string' ? wanted.enum : []
  const meant = didYouMean(String(value), choices.map(String))
  return `${place} is ${found(value)}, expected ${expected(wanted, value)}${meant}`
}
