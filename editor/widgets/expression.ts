/**
 * Sums typed into number fields: `512*1.5`, `1/3`, `2^10`, `-(3+4)`. A parser of its own; nothing
 * is ever run as code. `^` binds tighter than a sign and to the right, as in writing.
 */

/** What a typed sum comes to, or why it is none. */
export type Reckoned =
  | { readonly ok: true; readonly value: number }
  | { readonly ok: false; readonly at: number; readonly message: string }

type Operator = (left: number, right: number) => number

interface Infix {
  readonly power: number
  readonly rightToLeft?: boolean
  readonly apply: Operator
}

const infix: Readonly<Record<string, Infix>> = {
  '+': { power: 1, apply: (a, b) => a + b },
  '-': { power: 1, apply: (a, b) => a - b },
  '*': { power: 2, apply: (a, b) => a * b },
  '/': { power: 2, apply: (a, b) => a / b },
  '%': { power: 2, apply: (a, b) => a % b },
  '^': { power: 4, rightToLeft: true, apply: (a, b) => a ** b },
}

const signPower = 3
const number = /^(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?/i
const same: Readonly<Record<string, string>> = { '×': '*', '÷': '/', '−': '-' }

class Refusal extends Error {
  readonly at: number
  constructor(at: number, message: string) {
    super(message)
    this.at = at
  }
}

/** Works out a sum. Full-width digits and signs, as Japanese input gives, count as plain ones. */
export function reckon(text: string): Reckoned {
  const plain = text.normalize('NFKC').replace(/[×÷−]/g, (sign) => same[sign]!)
  try {
    const reader = readerOf(plain)
    const value = reader.sum(0)
    reader.end()
    if (!Number.isFinite(value)) throw new Refusal(0, 'not a finite number')
    return { ok: true, value }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return { ok: false, at: error.at, message: error.message }
  }
}

function readerOf(text: string) {
  let place = 0
  let depth = 0

  function space(): void {
    while (/\s/.test(text[place] ?? '')) place += 1
  }

  function found(): string {
    return text[place] === undefined ? 'the end' : `"${text[place]}"`
  }

  function operand(): number {
    space()
    const sign = text[place]
    if (sign === '+' || sign === '-') {
      place += 1
      const value = nested(() => sum(signPower))
      return sign === '-' ? -value : value
    }
    if (sign === '(') {
      place += 1
      const value = nested(() => sum(0))
      space()
      if (text[place] !== ')') throw new Refusal(place, `${found()} given, ")" expected`)
      place += 1
      return value
    }
    const match = number.exec(text.slice(place))
    if (!match) throw new Refusal(place, `${found()} given, a number expected`)
    place += match[0].length
    return Number(match[0])
  }

  function nested(read: () => number): number {
    depth += 1
    if (depth > 100) throw new Refusal(place, 'more than 100 brackets and signs inside each other')
    const value = read()
    depth -= 1
    return value
  }

  function sum(least: number): number {
    let left = operand()
    for (;;) {
      space()
      const operator = infix[text[place] ?? '']
      if (!operator || operator.power < least) return left
      place += 1
      const { power, rightToLeft, apply } = operator
      left = apply(
        left,
        nested(() => sum(rightToLeft ? power : power + 1)),
      )
    }
  }

  function end(): void {
    space()
    if (place < text.length) throw new Refusal(place, `${found()} given, an operator expected`)
  }

  return { sum, end }
}
