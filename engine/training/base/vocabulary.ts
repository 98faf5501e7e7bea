import { beginToken, clipTokenizer, endToken } from '../../models/tokenizer.ts'

/** Tokens of one window. */
const positions = 77

/**
 * The tokens that a set of captions uses. A small model trains these rows of its token table and
 * one more that stands for every other token.
 */
export interface Vocabulary {
  /** Ids of the real vocabulary, in the order of the rows. */
  readonly ids: readonly number[]
  /** Rows of the small table: one for each id and one for all others, the last. */
  readonly rows: number
  /** A caption as rows of the small table, 77 of them. */
  windowOf(caption: string, unknownAt?: number): readonly number[]
}

/** Collects the tokens of captions; begin and end are always among them. */
export function vocabularyOf(captions: Iterable<string>): Vocabulary {
  const tokenizer = clipTokenizer()
  const ids = new Set<number>([beginToken, endToken])
  for (const caption of new Set(captions)) for (const id of tokenizer.encode(caption)) ids.add(id)
  const list = [...ids].sort((a, b) => a - b)
  const rowOf = new Map(list.map((id, row) => [id, row]))
  const unknown = list.length
  return {
    ids: list,
    rows: list.length + 1,
    windowOf(caption, unknownAt) {
      const words = tokenizer.encode(caption).slice(0, positions - 2)
      const rows = words.map((id) => rowOf.get(id) ?? unknown)
      if (unknownAt !== undefined && rows.length < positions - 2) {
        rows.splice(unknownAt % (rows.length + 1), 0, unknown)
      }
      const padding = new Array<number>(positions - 1 - rows.length).fill(rowOf.get(endToken)!)
      return [rowOf.get(beginToken)!, ...rows, ...padding]
    },
  }
}

/** The whole table from the trained rows: tokens that no caption had take the last one. */
export function wholeTable(
  trained: Float32Array,
  { ids, rows }: Vocabulary,
  width: number,
  vocabulary: number,
): Float32Array {
  const table = new Float32Array(vocabulary * width)
  const other = trained.subarray((rows - 1) * width, rows * width)
  for (let row = 0; row < vocabulary; row++) table.set(other, row * width)
  ids.forEach((id, row) => {
    table.set(trained.subarray(row * width, (row + 1) * width), id * width)
  })
  return table
}
