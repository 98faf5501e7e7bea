import { FormatError } from '../errors.ts'
import type { CheckpointSource } from '../models/checkpoint.ts'
import { guessFamily, type LoraFamily } from './family.ts'
import { otherKind } from './kinds.ts'

/**
 * For which family a LoRA file seems to be made, from its header alone; undefined where nothing
 * tells. Throws a `FormatError` for a file that is no LoRA.
 */
export function loraFamily(source: CheckpointSource): LoraFamily | undefined {
  if (source.layout !== 'single') {
    throw new FormatError(`${source.name}: a model folder, expected a LoRA file`)
  }
  const [file] = source.files
  const entries = [...(file?.header.tensors.values() ?? [])]
  const other = otherKind(entries.map(({ name }) => name))
  if (other) {
    throw new FormatError(`${source.name}: is ${other.what}, a LoRA expected; ${other.remedy}`)
  }
  return guessFamily(
    entries.map(({ name, shape }) => [name, shape] as const),
    file?.header.metadata,
  )
}
