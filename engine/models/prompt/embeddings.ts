import { FormatError } from '../../errors.ts'
import { type SafetensorsTensor, toFloat32 } from '../../formats/safetensors.ts'
import { vocabularySize } from '../tokenizer.ts'

/**
 * Embeddings (textual inversion): vectors that stand in a prompt where a token's own would.
 * Source: Gal et al. 2022 (arXiv 2208.01618).
 */

/** The vectors of one file for one text encoder, `[count, features]`. */
export interface Embedding {
  readonly vectors: Float32Array
  readonly count: number
  readonly features: number
}

/** The embeddings that a prompt may name. */
export interface EmbeddingTable {
  names(): string[]
  get(name: string): Embedding | undefined
}

/** A table over embeddings already read. */
export function embeddingTable(entries: ReadonlyMap<string, Embedding>): EmbeddingTable {
  return { names: () => [...entries.keys()], get: (name) => entries.get(name) }
}

/** Tensor names under which files keep the vectors of an encoder. */
export type EncoderKey = 'clip_l' | 'clip_g' | 'clip_h'

const floats = new Set(['F16', 'BF16', 'F32', 'F64', 'F8_E4M3', 'F8_E5M2'])

/**
 * Reads the vectors for one encoder: the tensor of the encoder's name, `emb_params` (A1111), or
 * the only tensor of the file (diffusers names it after its word). One vector may lack the first
 * axis. Throws a FormatError that names the file for anything else.
 */
export function readEmbedding(
  file: string,
  tensors: ReadonlyMap<string, SafetensorsTensor>,
  encoder: EncoderKey = 'clip_l',
): Embedding {
  const only = tensors.size === 1 ? [...tensors.values()][0] : undefined
  const tensor = tensors.get(encoder) ?? tensors.get('emb_params') ?? only
  if (!tensor) {
    const found = [...tensors.keys()].slice(0, 5).join(', ') || 'no tensors'
    throw new FormatError(
      `${file}: has ${found}, "${encoder}" or "emb_params" or a single tensor expected`,
    )
  }
  const [count, features] = tensor.shape.length === 1 ? [1, ...tensor.shape] : tensor.shape
  if (tensor.shape.length > 2 || !count || !features || !floats.has(tensor.dtype)) {
    throw new FormatError(
      `${file}: is ${tensor.dtype} [${tensor.shape.join(', ')}], ` +
        'an embedding of floats [vectors, features] expected',
    )
  }
  return { vectors: toFloat32(tensor), count, features }
}

/** Gives ids to the embeddings of one prompt, from `vocabularySize` up, the same name once. */
export interface EmbeddingRows {
  /** Ids of the rows of a named embedding; undefined where the table has none. */
  idsOf(name: string): readonly number[] | undefined
  readonly names: readonly string[]
  /** One vector per id given so far. */
  readonly vectors: readonly Float32Array[]
  /** `name#row` per id given so far. */
  readonly labels: readonly string[]
}

/**
 * Starts the rows of a prompt. With `features` the width of the encoder, an embedding of another
 * width throws a FormatError when it is used.
 */
export function embeddingRows(table?: EmbeddingTable, features?: number): EmbeddingRows {
  const given = new Map<string, readonly number[]>()
  const vectors: Float32Array[] = []
  const labels: string[] = []
  return {
    names: table?.names() ?? [],
    vectors,
    labels,
    idsOf(name) {
      const known = given.get(name)
      if (known) return known
      const embedding = table?.get(name)
      if (!embedding) return undefined
      checkWidth(name, embedding, features)
      const ids = Array.from({ length: embedding.count }, (_, row) => {
        const start = row * embedding.features
        labels.push(`${name}#${row}`)
        const length = vectors.push(embedding.vectors.subarray(start, start + embedding.features))
        return vocabularySize + length - 1
      })
      given.set(name, ids)
      return ids
    },
  }
}

function checkWidth(name: string, { vectors, count, features }: Embedding, expected?: number) {
  if (expected !== undefined && features !== expected) {
    throw new FormatError(
      `embedding "${name}": has ${features} features, ${expected} expected; ` +
        'it was made for another model family',
    )
  }
  if (vectors.length !== count * features) {
    throw new FormatError(
      `embedding "${name}": has ${vectors.length} values, ${count} times ${features} expected`,
    )
  }
}
