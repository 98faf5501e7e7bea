import type { Tokenizer } from '../tokenizer.ts'
import { addToken, type Chunk, chunkRoom, emptyChunk, startChunk } from './chunks.ts'
import type { EmbeddingRows } from './embeddings.ts'
import { splitAtWord } from './python-text.ts'
import { breakWord, type WeightedText } from './weighted-text.ts'

/** What is tokenised as one: a stretch of one weight, or an embedding. */
interface Group {
  readonly tokens: readonly number[]
  readonly weight: number
  /** True where a new chunk begins before the group. */
  readonly border: boolean
}

/** What the chunks are made with. */
export interface ComfyChunking {
  readonly tokenizer: Tokenizer
  readonly rows: EmbeddingRows
  /** True if the word BREAK begins a new chunk, which ComfyUI itself does not know. */
  readonly breaks: boolean
  /** Called with the name of each embedding that is not there; it is left out. */
  readonly missing?: (name: string) => void
}

/** Groups of fewer tokens are not cut at the end of a chunk but move to the next one. */
const cutFrom = 8

/**
 * Chunks of a prompt as ComfyUI makes them, not padded, at least one. A group that does not fit
 * moves to the next chunk if it is short and is cut if it is long. A BREAK makes no empty chunk.
 */
export function comfyChunks(segments: readonly WeightedText[], options: ComfyChunking): Chunk[] {
  const chunks: Chunk[] = []
  let chunk = startChunk(chunks, emptyChunk())
  let word = 0
  let pending = false
  for (const segment of segments) {
    for (const { tokens, weight, border } of groupsOf(segment, options)) {
      word++
      pending ||= border && chunk.tokens.length > 0
      if (tokens.length === 0) continue
      const free = chunkRoom - chunk.tokens.length
      if (pending || (tokens.length > free && tokens.length < cutFrom)) {
        chunk = startChunk(chunks, emptyChunk())
        pending = false
      }
      for (const token of tokens) {
        if (chunk.tokens.length === chunkRoom) chunk = startChunk(chunks, emptyChunk())
        addToken(chunk, token, weight, word)
      }
    }
  }
  return chunks
}

function* groupsOf({ text, weight }: WeightedText, options: ComfyChunking): Generator<Group> {
  const parts = options.breaks ? splitAtWord(text, breakWord) : [text]
  for (const [i, part] of parts.entries()) {
    let border = i > 0
    for (const tokens of tokenGroups(part, options)) {
      yield { tokens, weight, border }
      border = false
    }
    if (border) yield { tokens: [], weight, border }
  }
}

const identifier = 'embedding:'

/**
 * `embedding:name` counts at the start of a stretch and after a space or a line end; the name goes
 * to the next white space. Commas after it are tried as text.
 */
function* tokenGroups(text: string, options: ComfyChunking): Generator<readonly number[]> {
  const { tokenizer, rows, missing } = options
  const pieces = text.split(/[ \n]embedding:/)
  for (const [i, piece] of pieces.entries()) {
    if (i === 0 && !piece.startsWith(identifier)) {
      if (piece !== '') yield tokenizer.encode(piece)
      continue
    }
    const afterIdentifier = i === 0 ? piece.slice(identifier.length) : piece
    const [, name = '', rest = ''] = /^\s*(\S*)(.*)$/s.exec(afterIdentifier) ?? []
    const bare = name.replace(/,+$/, '')
    const exact = rowsOf(rows, name)
    const ids = exact ?? rowsOf(rows, bare)
    const leftover = (exact ? '' : name.slice(bare.length)) + rest
    if (ids) yield ids
    else missing?.(bare)
    if (leftover.trim() !== '') yield tokenizer.encode(leftover)
  }
}

/** The name of the file is a name of the embedding too. */
function rowsOf(rows: EmbeddingRows, name: string): readonly number[] | undefined {
  return rows.idsOf(name) ?? rows.idsOf(name.replace(/\.(safetensors|pt|bin)$/, ''))
}
