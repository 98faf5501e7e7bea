import { clipTokenizer, vocabularySize } from '../tokenizer.ts'
import type { EmbeddingTable } from './embeddings.ts'
import { encodePlan } from './plan.ts'
import type { PromptStyle } from './styles.ts'

/** One token as a person sees it. */
export interface InspectedToken {
  readonly id: number
  /** Text of the token, a trailing space where it ends a word; `name#row` for an embedding. */
  readonly text: string
  readonly weight: number
  /** Number of the stretch of one weight it belongs to, from 1. */
  readonly word: number
}

/** A prompt taken apart. */
export interface InspectedPrompt {
  /** The tokens of each chunk, without begin, end and padding; a chunk has room for 75. */
  readonly chunks: readonly (readonly InspectedToken[])[]
  /** Tokens of the prompt, all chunks together. */
  readonly count: number
  readonly warnings: readonly string[]
}

/**
 * Shows what a prompt becomes: pieces of text, their weights, where chunks begin. Throws as
 * `encodePlan` does.
 */
export function inspect(
  text: string,
  style: PromptStyle,
  embeddings?: EmbeddingTable,
): InspectedPrompt {
  const plan = encodePlan(text, { style, embeddings, pad: 'eos' })
  const tokenizer = clipTokenizer()
  const chunks = plan.chunks.map(({ tokens, weights, words }) =>
    tokens.flatMap((id, i): InspectedToken[] => {
      const word = words[i] as number
      if (word === 0) return []
      const label = plan.labels[id - vocabularySize]
      return [{ id, text: label ?? tokenizer.piece(id), weight: weights[i] as number, word }]
    }),
  )
  return {
    chunks,
    count: chunks.reduce((sum, tokens) => sum + tokens.length, 0),
    warnings: plan.warnings,
  }
}
