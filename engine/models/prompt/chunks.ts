import { WorkflowError } from '../../errors.ts'
import { beginToken, endToken } from '../tokenizer.ts'

/** Tokens of one call of a CLIP text encoder, begin and end token included. */
export const chunkLength = 77
/** Tokens of a prompt that fit in a chunk. */
export const chunkRoom = chunkLength - 2

/**
 * A part of a prompt that is encoded by itself. The three lists are of equal length, at most
 * `chunkRoom` before `padChunk` and `chunkLength` after it.
 */
export interface Chunk {
  readonly tokens: number[]
  readonly weights: number[]
  /** Number of the weighted stretch or embedding a token belongs to, from 1; 0 for padding. */
  readonly words: number[]
}

/** What follows the end token: the end token again (SD 1, SDXL's first encoder), or id 0. */
export type Padding = 'eos' | 'zero'

const paddingToken: Readonly<Record<Padding, number>> = { eos: endToken, zero: 0 }

/** Ten times the longest prompt seen; more would take minutes to encode and to attend to. */
const mostChunks = 1000

/** A chunk without tokens. */
export function emptyChunk(): Chunk {
  return { tokens: [], weights: [], words: [] }
}

/** Puts a token at the end of a chunk, which must have room. */
export function addToken(chunk: Chunk, token: number, weight: number, word: number): void {
  chunk.tokens.push(token)
  chunk.weights.push(weight)
  chunk.words.push(word)
}

/** Begin token, the tokens, end token and padding, all of these with weight 1: 77 in all. */
export function padChunk({ tokens, weights, words }: Chunk, padding: Padding): Chunk {
  const rest = chunkRoom - tokens.length
  const fill = <T>(value: T) => new Array<T>(rest).fill(value)
  return {
    tokens: [beginToken, ...tokens, endToken, ...fill(paddingToken[padding])],
    weights: [1, ...weights, 1, ...fill(1)],
    words: [0, ...words, 0, ...fill(0)],
  }
}

/** Starts the next chunk of a list. Throws a WorkflowError where a prompt would take too many. */
export function startChunk(chunks: Chunk[], chunk: Chunk): Chunk {
  if (chunks.length >= mostChunks) {
    throw new WorkflowError(
      `prompt: more than ${mostChunks * chunkRoom} tokens, at most ${mostChunks * chunkRoom} ` +
        `(${mostChunks} chunks) can be encoded; shorten it`,
    )
  }
  chunks.push(chunk)
  return chunk
}
