import type { Answer, Reader } from './collect.ts'

/** The kinds of readers that the tables of keys are made of. */

/** The same setting under another name. */
export function to(target: string): Reader {
  return (value) => ({ outcome: 'mapped', to: target, value })
}

/** Like `to`, but null, an empty text and 0 where `zeroIsOff` say that it is off. */
export function toUnlessEmpty(target: string): Reader {
  return (value) => (isEmpty(value) ? off() : { outcome: 'mapped', to: target, value })
}

/** Like `toUnlessEmpty`; 0 is off too. */
export function toAboveZero(target: string): Reader {
  return (value) => (isOff(value) ? off() : { outcome: 'mapped', to: target, value })
}

/** The same setting with another value. */
export function toWith(target: string, convert: (value: unknown) => unknown): Reader {
  return (value) => ({ outcome: 'mapped', to: target, value: convert(value) })
}

/** Nothing to set, and the LoRA comes out the same: files, logs and ways to compute faster. */
export function withoutEffect(why: string): Reader {
  return () => ({ outcome: 'approximated', why })
}

/** Something that mazeru does not do. Where it is off there is nothing to refuse. */
export function refuse(why: string): Reader {
  return (value) => (isOff(value) ? off() : { outcome: 'refused', why })
}

/** One of several values, each with an answer of its own; a value beside them is refused. */
export function choose(choices: Readonly<Record<string, Answer>>): Reader {
  const names = Object.keys(choices).join(', ')
  return (value) => {
    const found = Object.hasOwn(choices, String(value)) ? choices[String(value)] : undefined
    return found ?? { outcome: 'refused', why: `expected one of ${names}` }
  }
}

/** Nothing to set: it is always so here, or another key says it. */
export function noted(why: string): Reader {
  return () => ({ outcome: 'mapped', why })
}

/** A setting that is off in the file and stays so. */
export function off(): Answer {
  return { outcome: 'mapped', why: 'off' }
}

/** Null, an empty text, an empty list. */
export function isEmpty(value: unknown): boolean {
  return (
    value === undefined ||
    value === null ||
    value === '' ||
    (Array.isArray(value) && value.length === 0)
  )
}

const offWords: ReadonlySet<string> = new Set(['false', 'no', 'off', 'none', '0', '0.0'])

/** Empty, false or zero, in a text too. */
export function isOff(value: unknown): boolean {
  if (isEmpty(value) || value === false) return true
  return typeof value === 'string' ? offWords.has(value.trim().toLowerCase()) : value === 0
}
