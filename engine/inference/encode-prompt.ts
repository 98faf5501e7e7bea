import { DeviceError } from '../errors.ts'
import type { TextEncoder } from '../models/handles.ts'
import type { EmbeddingTable } from '../models/prompt/embeddings.ts'
import { applyWeights, encodePlan } from '../models/prompt/plan.ts'
import type { PromptStyle } from '../models/prompt/styles.ts'
import type { SessionPool } from '../runtime/session-pool.ts'
import type { Conditioning } from '../sockets.ts'
import { encodeChunks } from './encode-text.ts'
import type { LoraFeeder } from './lora-feeds.ts'
import type { PromptMemo } from './prompt-memo.ts'
import { unstack } from './tensors.ts'

export interface PromptSettings {
  readonly text: string
  /** How weights are written and applied. */
  readonly style: PromptStyle
  /** Clip skip: 1 is the last layer, 2 the last but one. */
  readonly skip: number
  readonly embeddings?: EmbeddingTable
}

/** A prompt's conditioning, and what should be said of it, such as an unknown embedding. */
export interface EncodedPrompt {
  readonly conditioning: Conditioning
  readonly warnings: readonly string[]
}

/** Chunks that go through the text encoder together; a long prompt takes several passes. */
const chunksAtOnce = 8

/**
 * A prompt as conditioning `[1, 77 * chunks, features]`; with `prompts`, one that was encoded
 * before is taken from there. Throws a `DeviceError` where the result is not finite.
 */
export async function encodePrompt(
  { pool, feeder, prompts }: { pool: SessionPool; feeder: LoraFeeder; prompts?: PromptMemo },
  encoder: TextEncoder,
  settings: PromptSettings,
): Promise<EncodedPrompt> {
  const encode = () => encodeAnew(pool, feeder, encoder, settings)
  return prompts ? prompts.recall(encoder, settings, encode) : encode()
}

async function encodeAnew(
  pool: SessionPool,
  feeder: LoraFeeder,
  encoder: TextEncoder,
  { text, style, skip, embeddings }: PromptSettings,
): Promise<EncodedPrompt> {
  const features = encoder.network.config.width
  const plan = encodePlan(text, { style, pad: 'eos', embeddings, features })
  const chunks = plan.chunks.map((chunk) => chunk.tokens)
  const encoded: Float32Array[] = []
  let pooled: Conditioning['pooled'] | undefined
  const all = plan.emptyNeeded ? [...chunks, plan.empty] : chunks
  for (let start = 0; start < all.length; start += chunksAtOnce) {
    const part = all.slice(start, start + chunksAtOnce)
    const settings = { chunks: part, vectors: plan.vectors, skip }
    const result = await encodeChunks(pool, feeder, encoder, settings)
    encoded.push(...unstack(result.context, part.length).map((one) => one.data))
    pooled ??= unstack(result.pooled, part.length)[0]
  }
  const empty = plan.emptyNeeded ? encoded.pop() : undefined
  const context = applyWeights(plan, encoded, empty)
  const bad = context.data.findIndex((value) => !Number.isFinite(value))
  if (bad >= 0) {
    throw new DeviceError(
      `${encoder.network.weights.file}: text feature ${bad} of the prompt is ${context.data[bad]}, a finite number expected; the weights may be damaged: download the file again, or try a smaller LoRA ratio or prompt weight`,
    )
  }
  return { conditioning: { context, pooled: pooled! }, warnings: plan.warnings }
}
