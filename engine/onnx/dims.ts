import { FormatError } from '../errors.ts'

/**
 * Sizes known when a program is built: a number, or an expression in symbols such as `batch` or
 * `4*batch*height`. A factor that starts with `1|` (`1|batch`) is either 1 or that symbol.
 */
export type Dim = number | string
export type Shape = readonly Dim[]

/** A dim as number times symbols; the symbols are sorted, a symbol may stand twice. */
interface Monomial {
  readonly coefficient: number
  readonly symbols: readonly string[]
}

/** The product of dims, as a dim. The empty product is 1. */
export function productOf(dims: Shape): Dim {
  let coefficient = 1
  const symbols: string[] = []
  for (const dim of dims) {
    const monomial = parse(dim)
    coefficient *= monomial.coefficient
    symbols.push(...monomial.symbols)
  }
  return print({ coefficient, symbols: symbols.sort() })
}

/** `numerator / denominator` where it divides without rest; undefined otherwise. */
export function quotientOf(numerator: Dim, denominator: Dim): Dim | undefined {
  const top = parse(numerator)
  const bottom = parse(denominator)
  const symbols = [...top.symbols]
  for (const symbol of bottom.symbols) {
    const index = symbols.indexOf(symbol)
    if (index < 0) return undefined
    symbols.splice(index, 1)
  }
  const coefficient = top.coefficient / bottom.coefficient
  return Number.isInteger(coefficient) ? print({ coefficient, symbols }) : undefined
}

/** The shape of an elementwise result by NumPy's rules; throws where two dims cannot be one. */
export function broadcastShapes(op: string, shapes: readonly Shape[]): Shape {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length))
  return Array.from({ length: rank }, (_, axis) =>
    shapes
      .map((shape) => shape[axis - rank + shape.length] ?? 1)
      .reduce((left, right) => broadcastDims(op, shapes, left, right)),
  )
}

/** The size of a sliding window's output along one axis. */
export function windowedDim(
  size: Dim,
  kernel: number,
  padding: number,
  stride: number,
  dilation = 1,
): Dim {
  const reach = padding - dilation * (kernel - 1) - 1
  if (typeof size === 'number') return Math.floor((size + reach) / stride) + 1
  if (stride === 1 && reach === -1) return size
  const whole = Math.floor(reach / stride) === -1 ? quotientOf(size, stride) : undefined
  if (whole !== undefined) return whole
  const shift = reach < 0 ? `${reach}` : `+${reach}`
  return stride === 1 ? `(${size}${shift}+1)` : `(floor((${size}${shift})/${stride})+1)`
}

/** True where two dims are surely equal. */
export function sameDim(left: Dim, right: Dim): boolean {
  return left === right
}

/** Dims as they stand in messages: `[batch, 4, height]`. */
export function showShape(shape: Shape): string {
  return `[${shape.join(', ')}]`
}

function broadcastDims(op: string, shapes: readonly Shape[], left: Dim, right: Dim): Dim {
  if (left === right || right === 1) return left
  if (left === 1) return right
  if (right === `1|${left}`) return left
  if (left === `1|${right}`) return right
  throw new FormatError(
    `${op}: shapes ${shapes.map(showShape).join(' and ')}, expected sizes that are equal or 1`,
  )
}

function parse(dim: Dim): Monomial {
  if (typeof dim === 'number') return { coefficient: dim, symbols: [] }
  let coefficient = 1
  const symbols: string[] = []
  for (const factor of factorsOf(dim)) {
    const number = Number(factor)
    if (Number.isInteger(number)) coefficient *= number
    else symbols.push(factor)
  }
  return { coefficient, symbols: symbols.sort() }
}

function print({ coefficient, symbols }: Monomial): Dim {
  if (symbols.length === 0 || coefficient === 0) return coefficient
  return coefficient === 1 ? symbols.join('*') : [coefficient, ...symbols].join('*')
}

/** Splits at every `*` outside parentheses. */
function factorsOf(text: string): string[] {
  const factors: string[] = []
  let depth = 0
  let from = 0
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '(') depth++
    else if (text[i] === ')') depth--
    else if (text[i] === '*' && depth === 0) {
      factors.push(text.slice(from, i))
      from = i + 1
    }
  }
  factors.push(text.slice(from))
  return factors
}
