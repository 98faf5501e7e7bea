import { clipProgram } from '../models/clip.ts'
import type { TextEncoder } from '../models/handles.ts'
import { layersOf } from '../models/weights.ts'
import type { SessionPool } from '../runtime/session-pool.ts'
import type { NumericTensor } from '../sockets.ts'
import { buildOptions } from './build.ts'
import type { LoraFeeder } from './lora-feeds.ts'

/** Chunks of tokens to encode. */
export interface TextChunks {
  /** 77 ids a chunk; ids from the vocabulary's size up stand for `vectors` in order. */
  readonly chunks: readonly (readonly number[])[]
  readonly vectors: readonly Float32Array[]
  /** 1 is the last layer, 2 the last but one. */
  readonly skip: number
  /** Whether the final layer norm follows; it does unless said otherwise. */
  readonly normed?: boolean
}

/** What the encoder says of the chunks. */
export interface EncodedChunks {
  /** `[chunks, 77, width]`. */
  readonly context: NumericTensor
  /** `[chunks, width]`: the normed final state at each chunk's first end token. */
  readonly pooled: NumericTensor
  /** `[chunks, 77, width]`: all normed final states. */
  readonly last: NumericTensor
}

/** Runs the text encoder, with its LoRAs, over chunks of tokens. */
export async function encodeChunks(
  pool: SessionPool,
  feeder: LoraFeeder,
  encoder: TextEncoder,
  { chunks, vectors, skip, normed = true }: TextChunks,
): Promise<EncodedChunks> {
  const { weights, config, id } = encoder.network
  const lora = feeder.prepare(encoder.loras, 'textEncoder', layersOf(weights))
  const key = `${id} skip ${skip} normed ${normed} lora ${lora.key}`
  const session = await pool.session(key, async () => {
    const { adapted } = lora
    const options = buildOptions(pool.device, { adapted, baked: await lora.baked(weights) })
    return clipProgram(weights, config, { skip, normed }, options)
  })
  const { positions, width, vocabulary } = config
  const ids = chunks.flat()
  const replace = new Float32Array(ids.length * width)
  const keep = new Float32Array(ids.length).fill(1)
  ids.forEach((id, index) => {
    if (id < vocabulary) return
    keep[index] = 0
    replace.set(vectors[id - vocabulary]!, index * width)
  })
  const known = ids.map((id) => BigInt(id < vocabulary ? id : 0))
  const results = await session.run({
    tokens: { data: new BigInt64Array(known), shape: [chunks.length, positions] },
    keep: { data: keep, shape: [chunks.length, positions, 1] },
    replace: { data: replace, shape: [chunks.length, positions, width] },
    ...(await lora.feeds()),
  })
  const last = results.last as NumericTensor
  return {
    context: results.context as NumericTensor,
    last,
    pooled: pooledRows(last, chunks, vocabulary - 1, width),
  }
}

/** The row at the first end token of each chunk. */
function pooledRows(
  last: NumericTensor,
  chunks: readonly (readonly number[])[],
  endToken: number,
  width: number,
): NumericTensor {
  const data = new Float32Array(chunks.length * width)
  chunks.forEach((chunk, index) => {
    const row = index * chunk.length + Math.max(0, chunk.indexOf(endToken))
    data.set(last.data.subarray(row * width, (row + 1) * width), index * width)
  })
  return { data, shape: [chunks.length, width] }
}
