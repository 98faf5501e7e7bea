/**
 * What a value looks like from outside, as JSON: texts and numbers as they are, tensors as their
 * shape, long lists as their length. Never the data.
 */
export function summary(value: unknown, depth = 3): unknown {
  if (typeof value === 'string') return shortened(value)
  if (typeof value === 'bigint') return `${value}`
  if (typeof value === 'number' && !Number.isFinite(value)) return `${value}`
  if (typeof value === 'function' || typeof value === 'symbol') return `[${typeof value}]`
  if (typeof value !== 'object' || value === null) return value
  if (ArrayBuffer.isView(value)) return bufferSummary(value)
  if (Array.isArray(value)) return listSummary(value, depth)
  if (isTensor(value)) return { shape: [...value.shape] }
  return objectSummary(value, depth)
}

/** A summary in one short line, for people. */
export function summaryLine(value: unknown): string {
  const seen = summary(value)
  if (isTexts(seen)) return seen.join(', ')
  if (typeof value === 'object' && value !== null && isTensor(value)) return value.shape.join(' x ')
  return typeof seen === 'string' ? seen : (JSON.stringify(seen) ?? 'nothing')
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

const longestText = 400
const longestList = 16

function shortened(text: string): string {
  return text.length <= longestText ? text : `${text.slice(0, longestText)}…`
}

function bufferSummary(value: ArrayBufferView): unknown {
  const { length } = value as Uint8Array
  return { type: value.constructor.name, length: length ?? value.byteLength }
}

function listSummary(list: readonly unknown[], depth: number): unknown {
  if (depth === 0 || list.length > longestList) return { length: list.length }
  return list.map((item) => summary(item, depth - 1))
}

function objectSummary(value: object, depth: number): unknown {
  const name = value.constructor?.name
  if (depth === 0) return { type: name ?? 'object' }
  const entries = value instanceof Map ? [...value] : Object.entries(value)
  if (entries.length > longestList) return { type: name ?? 'object', size: entries.length }
  const seen = entries.filter(([, item]) => typeof item !== 'function')
  return Object.fromEntries(seen.map(([key, item]) => [String(key), summary(item, depth - 1)]))
}

function isTensor(value: object): value is { shape: readonly number[] } {
  return 'shape' in value && Array.isArray(value.shape) && 'data' in value
}
