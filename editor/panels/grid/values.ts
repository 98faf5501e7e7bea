/** What kind of value a param takes. */
export type ValueKind = 'number' | 'integer' | 'text' | 'boolean'

const range = /^\s*(-?[\d.]+)\s*\.\.\s*(-?[\d.]+)(?:\s*step\s*([\d.]+))?\s*$/
/** Values of one axis. */
const most = 100

/**
 * The values that a text names: `0..1 step 0.25`, `1, 2, 5`, texts one a line.
 * Throws an Error with the part that is no value.
 */
export function parseValues(text: string, kind: ValueKind): (number | string | boolean)[] {
  const found = kind === 'number' || kind === 'integer' ? range.exec(text) : null
  const parts = text
    .split(kind === 'text' ? /\n/ : /[\n,]/)
    .map((part) => part.trim())
    .filter(Boolean)
  const values = found ? between(found, kind) : parts.map((part) => one(part, kind))
  if (values.length > most) throw new Error(`${values.length} values, expected ${most} at most`)
  return values
}

function between(found: RegExpExecArray, kind: ValueKind): number[] {
  const [from, to] = [Number(found[1]), Number(found[2])]
  const step = found[3] === undefined ? 1 : Number(found[3])
  if (![from, to, step].every(Number.isFinite) || step <= 0) throw new Error(found[0])
  const count = Math.floor(Math.abs(to - from) / step + 1e-9) + 1
  if (count > most) throw new Error(`${count} values, expected ${most} at most`)
  const sign = to < from ? -1 : 1
  const values = Array.from({ length: count }, (_, index) => exact(from + sign * index * step))
  const bad = kind === 'integer' && values.find((value) => !Number.isInteger(value))
  if (typeof bad === 'number') throw new Error(String(bad))
  return values
}

/** Without the dust of binary fractions. */
function exact(value: number): number {
  return Number(value.toPrecision(12))
}

function one(part: string, kind: ValueKind): number | string | boolean {
  if (kind === 'text') return part
  if (kind === 'boolean') {
    if (part !== 'true' && part !== 'false') throw new Error(part)
    return part === 'true'
  }
  const number = Number(part)
  if (!Number.isFinite(number) || (kind === 'integer' && !Number.isInteger(number))) {
    throw new Error(part)
  }
  return number
}
