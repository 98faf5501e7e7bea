import { isJsonObject } from '../formats/strict-json.ts'
import type { LoraNetwork } from './naming.ts'

/** The effective scale of a module, where the file's metadata states one. */
export type ModuleScale = (network: LoraNetwork, path: string, rank: number) => number | undefined

/**
 * Scales from the PEFT configuration that diffusers writes into the metadata (key
 * `lora_adapter_metadata`), because such files have no `alpha` tensors: `lora_alpha / rank`, or
 * `lora_alpha / sqrt(rank)` with `use_rslora`; `alpha_pattern` has exceptions by layer name.
 * Anything else in it, and metadata that is no JSON, is ignored.
 */
export function adapterScales(metadata: Readonly<Record<string, string>>): ModuleScale {
  const config = parsed(metadata.lora_adapter_metadata)
  return (network, path, rank) => {
    const setting = (name: string) => config[`${prefixes[network]}.${name}`] ?? config[name]
    const alpha = exception(setting('alpha_pattern'), path) ?? setting('lora_alpha')
    if (typeof alpha !== 'number') return undefined
    return alpha / (setting('use_rslora') === true ? Math.sqrt(rank) : rank)
  }
}

const prefixes: Readonly<Record<LoraNetwork, string>> = {
  unet: 'unet',
  textEncoder: 'text_encoder',
  textEncoder2: 'text_encoder_2',
}

function parsed(json: string | undefined): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(json ?? '{}')
    return isJsonObject(value) ? value : {}
  } catch {
    return {}
  }
}

/** The value whose key is the end of the layer's path, dots and underscores being the same. */
function exception(pattern: unknown, path: string): unknown {
  if (!isJsonObject(pattern)) return undefined
  const key = Object.keys(pattern)
    .map((key) => ({ key, name: key.replaceAll('.', '_') }))
    .find(({ name }) => path === name || path.endsWith(`_${name}`))?.key
  return key === undefined ? undefined : pattern[key]
}
