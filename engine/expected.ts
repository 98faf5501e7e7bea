import { nameList } from './closest.ts'

/** Words for what a value is and for what a schema wants, as they stand in messages. */

type Json = Readonly<Record<string, unknown>>

const typeWords: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  integer: 'an integer',
  boolean: 'true or false',
  object: 'an object',
  array: 'a list',
  null: 'null',
}

/** A value in a message: short JSON, or what kind of thing it is. */
export function found(value: unknown): string {
  if (value === undefined) return 'missing'
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (typeof value === 'object' && value !== null) return 'an object'
  if (typeof value === 'number') return String(value)
  const text = JSON.stringify(value) ?? typeof value
  return text.length > 60 ? `${text.slice(0, 59)}…` : text
}

/**
 * What a JSON Schema wants of a value that is not it: `1 to 1000`, `an integer at least 0`,
 * `one of euler, heun`. That an integer is wanted is not said to who gave one.
 */
export function expected(json: Json, value: unknown): string {
  if (json.const !== undefined) return found(json.const)
  if (Array.isArray(json.enum)) return `one of ${nameList(json.enum.map(String))}`
  const kind = Array.isArray(json.type) ? '' : String(json.type)
  if (kind === 'number' || kind === 'integer')
    return numberWords(json, Number.isInteger(value) ? 'number' : kind)
  if (kind === 'string') return textWords(json)
  if (kind === 'array') return sized('a list', json.minItems, json.maxItems, 'entries')
  const types = [json.type].flat().map((type) => typeWords[String(type)])
  if (types.every((type) => type !== undefined)) return types.join(' or ')
  return 'another value'
}

function numberWords(json: Json, kind: 'number' | 'integer'): string {
  const low = bound(json.minimum)
  const high = bound(json.maximum)
  const above = bound(json.exclusiveMinimum)
  const below = bound(json.exclusiveMaximum)
  const parts: string[] = []
  if (low !== undefined && high !== undefined) parts.push(`${low} to ${high}`)
  else if (low !== undefined) parts.push(`at least ${low}`)
  else if (high !== undefined) parts.push(`at most ${high}`)
  if (above !== undefined) parts.push(`above ${above}`)
  if (below !== undefined) parts.push(`below ${below}`)
  if (json.multipleOf !== undefined) parts.push(`a multiple of ${String(json.multipleOf)}`)
  const limits = parts.join(', ')
  if (kind === 'number') return limits || 'a number'
  return limits === '' ? 'an integer' : `an integer ${limits}`
}

/** Limits that only say "a safe integer" are no news to anybody. */
function bound(value: unknown): number | undefined {
  if (typeof value !== 'number' || Math.abs(value) >= Number.MAX_SAFE_INTEGER) return undefined
  return value
}

function textWords(json: Json): string {
  if (typeof json.pattern === 'string') return `text like ${json.pattern}`
  return sized('text', json.minLength, json.maxLength, 'characters')
}

function sized(what: string, least: unknown, most: unknown, of: string): string {
  if (least !== undefined && most !== undefined) return `${what} of ${least} to ${most} ${of}`
  if (least !== undefined) return `${what} of at least ${least} ${of}`
  if (most !== undefined) return `${what} of at most ${most} ${of}`
  return what
}
