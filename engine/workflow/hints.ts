import { didYouMean } from '../closest.ts'
import { type Catalogue, converters, producers } from './catalogue.ts'
import { printSocketType, type SocketType } from './socket-type.ts'

/** Nobody reads more suggestions than this; a file of 2,000 mistakes must still be quick. */
const most = 100

/** The remedies at the ends of messages, each found once per check. */
export interface Hints {
  /** `; did you mean x`, or nothing. */
  meant(word: string, candidates: Iterable<string>): string
  /** Types of nodes that turn one type of value into another. */
  converters(given: SocketType, expected: SocketType): readonly string[]
  /** Types of nodes that give such a value. */
  producers(type: SocketType): readonly string[]
}

/** Remedies from this catalogue. */
export function createHints(catalogue: Catalogue): Hints {
  const known = new Map<string, readonly string[]>()
  const once = (key: string, find: () => readonly string[]) => {
    const result = known.get(key) ?? find()
    known.set(key, result)
    return result
  }
  let asked = 0
  return {
    meant(word, candidates) {
      asked += 1
      return asked > most ? '' : didYouMean(word, candidates)
    },
    converters: (given, expected) =>
      once(`${printSocketType(given)} > ${printSocketType(expected)}`, () =>
        converters(catalogue, given, expected),
      ),
    producers: (type) => once(printSocketType(type), () => producers(catalogue, type)),
  }
}
