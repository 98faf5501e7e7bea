import {
  encodeSafetensors,
  headerLength,
  type SafetensorsTensor,
} from '../../formats/safetensors.ts'

/** SHA-256 as hexadecimal digits; the caller brings it, because this room reaches no library. */
export type Sha256 = (bytes: Uint8Array) => string

type Tensors = Iterable<readonly [string, SafetensorsTensor]>

/** The bytes of which the older of the two hashes looks. */
const legacyBegin = 2 ** 20
const legacyLength = 2 ** 16

/**
 * The hashes by which WebUIs know a LoRA. `model` is of the tensors alone, so that it outlives a
 * change of metadata; `legacy` is of 64 KiB from 1 MiB on, of nothing in a smaller file. As kohya
 * does, both are taken of a file with the `ss_` metadata only.
 */
export function loraHashes(
  tensors: Tensors,
  metadata: Readonly<Record<string, string>>,
  sha256: Sha256,
): { model: string; legacy: string } {
  const training = Object.entries(metadata).filter(([key]) => key.startsWith('ss_'))
  const file = encodeSafetensors(tensors, Object.fromEntries(training))
  return { model: sha256(file.subarray(dataStart(file))), legacy: legacyHash(file, sha256) }
}

/** The older hash of any file: the first eight digits. */
export function legacyHash(file: Uint8Array, sha256: Sha256): string {
  return sha256(file.subarray(legacyBegin, legacyBegin + legacyLength)).slice(0, 8)
}

function dataStart(file: Uint8Array<ArrayBuffer>): number {
  return 8 + headerLength('file', file.subarray(0, 8), file.length)
}
