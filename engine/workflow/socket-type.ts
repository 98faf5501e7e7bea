/**
 * Types of sockets: `image`, `model<sd15>`, `list<T>`, `T`.
 * A single capital letter is a variable, bound anew for each node.
 * A parametric type without its argument (`model`) fits every argument.
 */
export type SocketType =
  | { readonly kind: 'named'; readonly name: string; readonly args: readonly SocketType[] }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'unknown' }

/** What the variables of one node stand for. */
export type Bindings = Map<string, SocketType>

/** The type of something not known before the run. Fits everywhere. */
export const unknownType: SocketType = { kind: 'unknown' }

const token = /\s*([A-Za-z0-9][A-Za-z0-9_-]*|[<>,])/y

/** Reads a type as written in a definition. Throws a TypeError where it is not one. */
export function parseSocketType(text: string): SocketType {
  let position = 0
  const peek = (): string | undefined => {
    token.lastIndex = position
    return token.exec(text)?.[1]
  }
  const take = (): string | undefined => {
    const found = peek()
    if (found !== undefined) position = token.lastIndex
    return found
  }
  const bad = () =>
    new TypeError(`socket type "${text}": not a type, expected name, name<type> or T`)
  const type = (): SocketType => {
    const name = take()
    if (name === undefined || /^[<>,]$/.test(name)) throw bad()
    if (/^[A-Z]$/.test(name)) return { kind: 'variable', name }
    const args: SocketType[] = []
    if (peek() === '<') {
      do {
        take()
        args.push(type())
      } while (peek() === ',')
      if (take() !== '>') throw bad()
    }
    return { kind: 'named', name, args }
  }
  const result = type()
  if (text.slice(position).trim() !== '') throw bad()
  return result
}

/** The text of a type, as `parseSocketType` reads it. An unknown type is `?`. */
export function printSocketType(type: SocketType): string {
  if (type.kind === 'unknown') return '?'
  if (type.kind === 'variable' || type.args.length === 0) return type.name
  return `${type.name}<${type.args.map(printSocketType).join(', ')}>`
}

/** Replaces bound variables by what they stand for, others by unknown. */
export function substitute(type: SocketType, bindings: Bindings): SocketType {
  if (type.kind === 'unknown') return type
  if (type.kind === 'variable') return bindings.get(type.name) ?? unknownType
  if (type.args.length === 0) return type
  return { ...type, args: type.args.map((arg) => substitute(arg, bindings)) }
}

/**
 * True where a value of type `given` may go into a socket of type `expected`.
 * Variables of `expected` are bound on the way; `given` holds none. An integer fits a number.
 * A variable bound to a narrower type is widened. What an earlier unification bound stays bound
 * even where this one fails.
 */
export function unify(expected: SocketType, given: SocketType, bindings: Bindings): boolean {
  if (expected.kind === 'unknown' || given.kind !== 'named') return true
  if (expected.kind === 'variable') return bind(expected.name, given, bindings)
  if (expected.name !== given.name) return expected.name === 'number' && given.name === 'integer'
  if (expected.args.length === 0 || given.args.length === 0) return true
  if (expected.args.length !== given.args.length) return false
  return expected.args.every((arg, index) => unify(arg, given.args[index]!, bindings))
}

function bind(name: string, given: SocketType, bindings: Bindings): boolean {
  const bound = bindings.get(name)
  if (bound === undefined) {
    bindings.set(name, given)
    return true
  }
  if (unify(bound, given, bindings)) return true
  if (!unify(given, bound, bindings)) return false
  bindings.set(name, given)
  return true
}
