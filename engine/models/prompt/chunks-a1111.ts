import type { Tokenizer } from '../tokenizer.ts'
import { addToken, type Chunk, chunkRoom, emptyChunk, startChunk } from './chunks.ts'
import type { EmbeddingRows } from './embeddings.ts'
import { isBreak } from './parse-a1111.ts'
import type { WeightedText } from './weighted-text.ts'

/** Chunks and how many tokens they count for: 75 for each that is closed. */
export interface A1111Chunks {
  readonly chunks: Chunk[]
  readonly tokenCount: number
}

/** A full chunk is cut after a comma among its last tokens, as many as this. */
const commaReach = 20

/**
 * Chunks of a prompt as AUTOMATIC1111 makes them, not padded, at least one. What follows a late
 * comma moves to the next chunk; without one, words are cut. The name of an embedding stands in
 * the text like any word.
 */
export function a1111Chunks(
  segments: readonly WeightedText[],
  { tokenizer, rows }: { tokenizer: Tokenizer; rows: EmbeddingRows },
): A1111Chunks {
  const comma = tokenizer.encode(',')[0]
  const embeddings = embeddingNames(tokenizer, rows)
  const chunks: Chunk[] = []
  let chunk = emptyChunk()
  let lastComma = -1
  let tokenCount = 0
  const close = (next: Chunk) => {
    startChunk(chunks, chunk)
    tokenCount += chunkRoom
    chunk = next
    lastComma = -1
  }
  for (const [i, segment] of segments.entries()) {
    if (isBreak(segment)) {
      close(emptyChunk())
      continue
    }
    const tokens = tokenizer.encode(segment.text)
    for (let at = 0; at < tokens.length; ) {
      const size = chunk.tokens.length
      if (tokens[at] === comma) lastComma = size
      else if (size === chunkRoom && lastComma >= 0 && size - lastComma <= commaReach) {
        close(tailAfter(chunk, lastComma + 1))
      }
      if (chunk.tokens.length === chunkRoom) close(emptyChunk())
      const embedding = embeddingAt(embeddings, tokens, at)
      const ids = embedding ? (rows.idsOf(embedding.name) ?? []) : [tokens[at] as number]
      if (ids.length <= chunkRoom && chunk.tokens.length + ids.length > chunkRoom) {
        close(emptyChunk())
      }
      for (const id of ids) {
        if (chunk.tokens.length === chunkRoom) close(emptyChunk())
        addToken(chunk, id, segment.weight, i + 1)
      }
      at += embedding?.tokens.length ?? 1
    }
  }
  tokenCount += chunk.tokens.length
  if (chunk.tokens.length > 0 || chunks.length === 0) startChunk(chunks, chunk)
  return { chunks, tokenCount }
}

/** Takes the tokens from `start` on out of a chunk. */
function tailAfter(chunk: Chunk, start: number): Chunk {
  return {
    tokens: chunk.tokens.splice(start),
    weights: chunk.weights.splice(start),
    words: chunk.words.splice(start),
  }
}

interface EmbeddingName {
  readonly name: string
  readonly tokens: readonly number[]
}

/** Names by their first token, the longest first. */
function embeddingNames(tokenizer: Tokenizer, rows: EmbeddingRows): Map<number, EmbeddingName[]> {
  const names = rows.names
    .map((name) => ({ name, tokens: tokenizer.encode(name) }))
    .filter(({ tokens }) => tokens.length > 0)
    .sort((a, b) => b.tokens.length - a.tokens.length)
  return Map.groupBy(names, ({ tokens }) => tokens[0] as number)
}

function embeddingAt(
  names: ReadonlyMap<number, EmbeddingName[]>,
  tokens: readonly number[],
  at: number,
): EmbeddingName | undefined {
  return names
    .get(tokens[at] as number)
    ?.find((name) => name.tokens.every((token, i) => tokens[at + i] === token))
}
