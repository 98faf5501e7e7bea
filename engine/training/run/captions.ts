import { textKey } from '../../dataset/cache-keys.ts'
import { isFixedCaption } from '../../dataset/caption-pipeline.ts'
import type { DatasetItem } from '../../dataset/settings.ts'
import { encodeChunks } from '../../inference/encode-text.ts'
import type { LoraFeeder } from '../../inference/lora-feeds.ts'
import { stack } from '../../inference/tensors.ts'
import type { TextEncoder } from '../../models/handles.ts'
import { beginToken, clipTokenizer, endToken } from '../../models/tokenizer.ts'
import type { SessionPool } from '../../runtime/session-pool.ts'
import type { NumericTensor } from '../../sockets.ts'
import type { PrecisionSettings } from '../settings/precision.ts'
import type { TrainBatch } from '../trainer.ts'
import type { KeptTensors } from './kept-tensors.ts'

/** Tokens of a window without its begin and end. */
const windowTokens = 75

/** A caption with the picture it belongs to. */
export interface CaptionedItem {
  readonly caption: string
  readonly item: Pick<DatasetItem, 'captions' | 'subset'>
}

/** Turns captions into what a trainer is fed. */
export type FeedTexts = (
  captions: readonly CaptionedItem[],
) => Promise<Pick<TrainBatch, 'context' | 'tokens'>>

/**
 * A caption as windows of 77 ids, as many as the longest caption may take. Words are read as they
 * stand: brackets weigh nothing. What is longer is cut off.
 */
export function captionWindows(
  caption: string,
  maxTokenLength: PrecisionSettings['maxTokenLength'],
): number[][] {
  const ids = clipTokenizer().encode(caption).slice(0, maxTokenLength)
  return Array.from({ length: windowsOf(maxTokenLength) }, (_, window) => {
    const part = ids.slice(window * windowTokens, (window + 1) * windowTokens)
    const padding = new Array<number>(windowTokens + 1 - part.length).fill(endToken)
    return [beginToken, ...part, ...padding]
  })
}

/** Windows that a caption may take. */
export function windowsOf(maxTokenLength: PrecisionSettings['maxTokenLength']): number {
  return maxTokenLength / windowTokens
}

/** Feeds captions as tokens, for a text encoder that is trained. */
export function tokenisedCaptions({
  maxTokenLength,
}: Pick<PrecisionSettings, 'maxTokenLength'>): FeedTexts {
  return async (captions) => ({
    tokens: { windows: captions.flatMap(({ caption }) => captionWindows(caption, maxTokenLength)) },
  })
}

/** What encodes captions. */
export interface CaptionEncoder {
  readonly runtime: { readonly pool: SessionPool; readonly feeder: LoraFeeder }
  readonly encoder: TextEncoder
  readonly settings: Pick<PrecisionSettings, 'clipSkip' | 'maxTokenLength'>
  /** Every caption that is the same each time is looked up here. */
  readonly kept: KeptTensors
}

/** Feeds captions as `[batch, 77 * windows, features]` from a text encoder that is not trained. */
export function encodedCaptions(options: CaptionEncoder): FeedTexts {
  const { encoder, settings, kept, runtime } = options
  const applied = encoder.loras.map(({ lora, strength, blocks }) => [lora.key, strength, blocks])
  const { clipSkip, maxTokenLength } = settings
  const id = JSON.stringify([encoder.network.id, clipSkip, maxTokenLength, applied])
  const encode = async (caption: string): Promise<NumericTensor> => {
    const chunks = captionWindows(caption, maxTokenLength)
    const request = { chunks, vectors: [], skip: clipSkip }
    const { context } = await encodeChunks(runtime.pool, runtime.feeder, encoder, request)
    const features = context.shape[2]!
    return { data: context.data, shape: [1, context.data.length / features, features] }
  }
  return async (captions) => {
    const contexts: NumericTensor[] = []
    for (const { caption, item } of captions) {
      // An empty caption comes again wherever captions are dropped.
      const isFixed = caption === '' || isFixedCaption(item.subset, item.captions)
      const compute = async () => ({ context: await encode(caption) })
      const record = isFixed ? await kept.recall(textKey(caption, id), compute) : await compute()
      contexts.push(record.context!)
    }
    return { context: stack(contexts) }
  }
}
