import { clipTokenizer } from '../tokenizer.ts'
import { type Chunk, chunkLength, emptyChunk, type Padding, padChunk } from './chunks.ts'
import { type EmbeddingTable, embeddingRows } from './embeddings.ts'
import { type PromptStyle, promptStyles, type StyleRules } from './styles.ts'

/** How a prompt is read. */
export interface PlanOptions {
  readonly style: PromptStyle
  /** What follows the end token: `eos` for SD 1 and SDXL's first encoder, `zero` for the others. */
  readonly pad: Padding
  readonly embeddings?: EmbeddingTable | undefined
  /** Width of the encoder, to refuse an embedding of another; unchecked where absent. */
  readonly features?: number | undefined
  /** In the comfy style, whether BREAK begins a new chunk. True unless given. */
  readonly breaks?: boolean | undefined
}

/** What a text encoder has to do for a prompt. */
export interface PromptPlan {
  readonly style: PromptStyle
  /** At least one; each 77 long. Ids from 49408 up stand for `vectors`. */
  readonly chunks: readonly Chunk[]
  /** Embedding rows; `vectors[i]` is that of id `49408 + i`. */
  readonly vectors: readonly Float32Array[]
  /** `name#row` of each vector. */
  readonly labels: readonly string[]
  /** The chunk of the empty prompt, to encode too where `emptyNeeded`. */
  readonly empty: readonly number[]
  readonly emptyNeeded: boolean
  readonly warnings: readonly string[]
}

/**
 * Turns a prompt into chunks of tokens with weights. An unknown embedding and a weight that is no
 * finite number are warnings. Throws a WorkflowError for a prompt that is absurdly long or nested
 * or has a malformed weight, a FormatError for an embedding of another width.
 */
export function encodePlan(text: string, options: PlanOptions): PromptPlan {
  const { style, pad, breaks = true } = options
  const rules: StyleRules = promptStyles[style]
  const rows = embeddingRows(options.embeddings, options.features)
  const warnings = new Set<string>()
  const unpadded = rules.chunks(text, {
    tokenizer: clipTokenizer(),
    rows,
    breaks,
    warn: (message) => warnings.add(message),
  })
  const weights = new Set(unpadded.flatMap((chunk) => chunk.weights))
  for (const weight of weights) {
    if (!Number.isFinite(weight)) {
      warnings.add(`prompt: a weight is ${weight}, a finite number expected; the picture will fail`)
    }
  }
  return {
    style,
    chunks: unpadded.map((chunk) => padChunk(chunk, pad)),
    vectors: rows.vectors,
    labels: rows.labels,
    empty: padChunk(emptyChunk(), pad).tokens,
    emptyNeeded: rules.usesEmpty && [...weights].some((weight) => weight !== 1),
    warnings: [...warnings],
  }
}

/**
 * Applies the weights of a plan to the encoded chunks, `[77, features]` each, in order, and joins
 * them along the tokens: `[1, 77 * chunks, features]`. The pooled part of a prompt is that of its
 * first chunk and has no weights.
 */
export function applyWeights(
  plan: Pick<PromptPlan, 'style' | 'chunks'>,
  encoded: readonly Float32Array[],
  encodedEmpty?: Float32Array,
): { data: Float32Array; shape: [number, number, number] } {
  const { weigh }: StyleRules = promptStyles[plan.style]
  const size = encoded[0]?.length ?? 0
  if (encoded.length !== plan.chunks.length || encoded.some((chunk) => chunk.length !== size)) {
    throw new Error(`applyWeights: ${encoded.length} outputs for ${plan.chunks.length} chunks`)
  }
  const data = new Float32Array(size * encoded.length)
  for (const [i, chunk] of plan.chunks.entries()) {
    data.set(weigh(encoded[i] as Float32Array, chunk.weights, encodedEmpty), i * size)
  }
  return { data, shape: [1, chunkLength * encoded.length, size / chunkLength] }
}
