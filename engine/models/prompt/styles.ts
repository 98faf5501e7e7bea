import type { Tokenizer } from '../tokenizer.ts'
import type { Chunk } from './chunks.ts'
import { a1111Chunks } from './chunks-a1111.ts'
import { comfyChunks } from './chunks-comfy.ts'
import type { EmbeddingRows } from './embeddings.ts'
import { extractNetworks } from './extra-networks.ts'
import { a1111Segments } from './parse-a1111.ts'
import { comfySegments } from './parse-comfy.ts'
import { multiply, multiplyKeepingMean, type Weigh, weighFromEmpty } from './weighting.ts'

/** What a style makes chunks with. */
export interface StyleContext {
  readonly tokenizer: Tokenizer
  readonly rows: EmbeddingRows
  /** True if BREAK begins a new chunk; A1111 always has it so. */
  readonly breaks: boolean
  readonly warn: (message: string) => void
}

/** A way to write weights and a way to apply them. */
export interface StyleRules {
  /** Chunks without padding, at least one. */
  readonly chunks: (text: string, context: StyleContext) => Chunk[]
  readonly weigh: Weigh
  /** True if weights other than 1 need the encoded empty prompt. */
  readonly usesEmpty: boolean
}

/** The styles a prompt can be written in. */
export const promptStyles = {
  comfy: {
    chunks: (text, { warn, ...context }) =>
      comfyChunks(comfySegments(text), {
        ...context,
        missing: (name) =>
          warn(
            `prompt: embedding "${name}" is not listed and is left out; add its file to the param embeddings`,
          ),
      }),
    weigh: weighFromEmpty,
    usesEmpty: true,
  },
  a1111: { chunks: chunksOfA1111, weigh: multiplyKeepingMean, usesEmpty: false },
  'a1111-no-norm': { chunks: chunksOfA1111, weigh: multiply, usesEmpty: false },
} satisfies Record<string, StyleRules>

/** Name of a style. */
export type PromptStyle = keyof typeof promptStyles

function chunksOfA1111(text: string, { warn, tokenizer, rows }: StyleContext): Chunk[] {
  const { prompt, networks } = extractNetworks(text)
  for (const { type, items } of networks) {
    warn(
      `prompt: <${type}:${items.join(':')}> is left out of the text; load the network with a node`,
    )
  }
  return a1111Chunks(a1111Segments(prompt), { tokenizer, rows }).chunks
}
