import { FormatError } from '../errors.ts'
import { isJsonObject, kindOf, parseStrictJson } from './strict-json.ts'

/** Which file of a folder holds which tensors. */
export interface ShardIndex {
  /** File name, without folder -> names of its tensors, in the order of the index. */
  readonly files: ReadonlyMap<string, readonly string[]>
}

/**
 * Reads a `model.safetensors.index.json`, which spreads one model over several files.
 * A file must lie beside its index: names with a folder are refused. Throws a FormatError.
 */
export function parseShardIndex(file: string, bytes: Uint8Array): ShardIndex {
  const { weight_map: weightMap } = parseStrictJson(`${file}: index`, bytes)
  if (!isJsonObject(weightMap)) {
    throw new FormatError(`${file}: weight_map is ${kindOf(weightMap)}, an object expected`)
  }
  const files = new Map<string, string[]>()
  for (const [tensor, shard] of Object.entries(weightMap)) {
    if (typeof shard !== 'string' || !/^[^/\\\0]+\.safetensors$/.test(shard)) {
      throw new FormatError(
        `${file}: tensor ${kindOf(tensor)} lies in ${kindOf(shard)}, a .safetensors file beside the index expected`,
      )
    }
    const tensors = files.get(shard)
    if (tensors) tensors.push(tensor)
    else files.set(shard, [tensor])
  }
  return { files }
}
