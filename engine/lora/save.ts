import { FormatError } from '../errors.ts'
import { encodeSafetensors } from '../formats/safetensors.ts'
import type { Lora } from './load.ts'
import { loraHashes, type Sha256 } from './save/file-hashes.ts'
import { keyPrefixes } from './save/key-names.ts'
import { leastMetadata } from './save/least-metadata.ts'
import { type KnownLayers, moduleTensors } from './save/module-tensors.ts'
import type { LoraPrecision } from './save/number-format.ts'

export type { Sha256 } from './save/file-hashes.ts'
export { type LoraPrecision, loraPrecisions } from './save/number-format.ts'

/** How a LoRA is written. */
export interface SaveLoraOptions {
  readonly precision: LoraPrecision
  readonly sha256: Sha256
  /** Beside what the tensors tell and the hashes; an entry here is the one that counts. */
  readonly metadata?: Readonly<Record<string, string>>
  /** Of the model it is for: then every layer is spelled as kohya spells it. */
  readonly layers?: KnownLayers
}

/** Says how PEFT's keys are scaled, and so nothing true of this file. */
const adapterKey = 'lora_adapter_metadata'

/**
 * The bytes of a LoRA file with kohya's key names, those of LyCORIS for its algorithms, and the
 * hashes by which WebUIs know it. Numbers are exact in `float`, else rounded to the nearest. The
 * same LoRA gives the same bytes. Keys that no convention knows are not in the value and so not in
 * the file. Throws a FormatError for a LoRA without modules, for a number that is not finite or not
 * within the format, and where two modules would have one name.
 */
export function saveLora(
  lora: Lora,
  { precision, sha256, metadata = {}, layers = {} }: SaveLoraOptions,
): Uint8Array<ArrayBuffer> {
  if (lora.modules.length === 0) {
    throw new FormatError(`${lora.name}: no modules, a LoRA that changes a layer expected`)
  }
  const prefixes = keyPrefixes(hasTwoEncoders(lora))
  const tensors = lora.modules.flatMap((module) => [
    ...moduleTensors(module, { prefixes, precision, layers }),
  ])
  const { [adapterKey]: _, ...told } = { ...leastMetadata(lora), ...metadata }
  const { model, legacy } = loraHashes(tensors, told, sha256)
  return encodeSafetensors(tensors, {
    ...told,
    sshs_model_hash: model,
    sshs_legacy_hash: legacy,
    'modelspec.hash_sha256': `0x${model}`,
  })
}

function hasTwoEncoders({ modules, family }: Lora): boolean {
  return family === 'sdxl' || modules.some(({ network }) => network === 'textEncoder2')
}
