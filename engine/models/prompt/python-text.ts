/**
 * Numbers, spaces and word borders as Python reads them: both weighting syntaxes are defined by
 * programs written in it, and prompts in circulation rely on their corners.
 */

const edges = /^[\s\x85]+|[\s\x85]+$/g
const decimal =
  /^[+-]?(?:\d+(?:_\d+)*(?:\.(?:\d+(?:_\d+)*)?)?|\.\d+(?:_\d+)*)(?:e[+-]?\d+(?:_\d+)*)?$/i
const whole = /^[+-]?\d+(?:_\d+)*$/
const named = /^([+-]?)(?:(inf(?:inity)?)|nan)$/i

/**
 * The number that Python's `float(text)` gives, or undefined where it raises. Accepts spaces
 * around, `1e1`, `1_0`, `.5`, `inf`, `nan` and the decimal digits of any script.
 */
export function pythonFloat(text: string): number | undefined {
  const digits = asciiDigits(text.replace(edges, ''))
  if (decimal.test(digits)) return Number(digits.replaceAll('_', ''))
  const special = named.exec(digits)
  if (!special) return undefined
  if (!special[2]) return Number.NaN
  return special[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
}

/** The number that Python's `int(text)` gives, or undefined where it raises. */
export function pythonInt(text: string): number | undefined {
  const digits = asciiDigits(text.replace(edges, ''))
  return whole.test(digits) ? Number(digits.replaceAll('_', '')) : undefined
}

/** Splits at a word that stands alone; letters, digits and `_` of any script make up words. */
export function splitAtWord(text: string, word: string): string[] {
  return text.split(new RegExp(`(?<![\\p{L}\\p{N}_])${word}(?![\\p{L}\\p{N}_])`, 'u'))
}

/** Each script has its ten digits in a row that begins with zero. */
function asciiDigits(text: string): string {
  return text.replace(/\P{ASCII}/gu, (digit) => {
    if (!isDigit(digit)) return digit
    const code = digit.codePointAt(0) as number
    let zero = code
    while (isDigit(String.fromCodePoint(zero - 1))) zero--
    return String((code - zero) % 10)
  })
}

function isDigit(character: string): boolean {
  return /^\p{Nd}$/u.test(character)
}
