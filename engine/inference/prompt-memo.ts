import type { TextEncoder } from '../models/handles.ts'
import type { EncodedPrompt, PromptSettings } from './encode-prompt.ts'

/**
 * The prompts encoded last, by what they were made of: a ratio that changes while a sampler runs
 * and that leaves the text encoder alone then costs no pass through it.
 */
export interface PromptMemo {
  /** The prompt as it was encoded before, or what `encode` gives. */
  recall(
    encoder: TextEncoder,
    settings: PromptSettings,
    encode: () => Promise<EncodedPrompt>,
  ): Promise<EncodedPrompt>
}

/** Two prompts for each of some pairs of ratios that a user goes back and forth between. */
const keptPrompts = 16

/** Starts empty. A failed prompt is not kept. */
export function createPromptMemo(): PromptMemo {
  const known = new Map<string, EncodedPrompt>()
  return {
    async recall(encoder, settings, encode) {
      const key = keyOf(encoder, settings)
      if (key === undefined) return encode()
      const result = known.get(key) ?? (await encode())
      known.delete(key)
      known.set(key, result)
      for (const oldest of [...known.keys()].slice(0, -keptPrompts)) known.delete(oldest)
      return result
    },
  }
}

/** Undefined where embeddings are listed: they are data without a name. */
function keyOf(
  { network, loras }: TextEncoder,
  { text, style, skip, embeddings }: PromptSettings,
): string | undefined {
  if (embeddings && embeddings.names().length > 0) return undefined
  const applied = loras
    .filter(({ lora }) => lora.modules.some((module) => module.network === 'textEncoder'))
    .map(({ lora, strength, blocks }) => [lora.key, lora.allowUnmatched, strength, blocks])
  return JSON.stringify([network.id, text, style, skip, applied])
}
