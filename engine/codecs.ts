import { FormatError } from './errors.ts'
import { encodeSafetensors, parseSafetensors, toFloat32 } from './formats/safetensors.ts'
import type { Lora } from './lora/load.ts'
import { bytesOf } from './onnx/express.ts'
import type { Conditioning, Image, LatentImage, Mask, NumericTensor } from './sockets.ts'
import type { Codec } from './workflow/index.ts'

/** How values are weighed in memory and, where they are plain data, written to disk. */

type Tensors = Readonly<Record<string, NumericTensor | undefined>>

function encodeTensors(tensors: Tensors, metadata: Record<string, string> = {}): Uint8Array {
  const entries = Object.entries(tensors).flatMap(([name, tensor]) =>
    tensor
      ? [
          [
            name,
            { dtype: 'F32' as const, shape: tensor.shape, bytes: bytesOf(tensor.data) },
          ] as const,
        ]
      : [],
  )
  return encodeSafetensors(entries, metadata)
}

function decodeTensors(bytes: Uint8Array) {
  const { tensors, metadata } = parseSafetensors('cached value', bytes)
  const get = (name: string): NumericTensor | undefined => {
    const tensor = tensors.get(name)
    return tensor && { data: toFloat32(tensor), shape: tensor.shape }
  }
  const must = (name: string): NumericTensor => {
    const tensor = get(name)
    if (!tensor) throw new FormatError(`cached value: tensor ${name} is absent`)
    return tensor
  }
  return { get, must, metadata }
}

function weigh(...tensors: (NumericTensor | undefined)[]): number {
  return tensors.reduce((sum, tensor) => sum + (tensor?.data.byteLength ?? 0), 100)
}

const tensorCodec: Codec<NumericTensor> = {
  bytes: (tensor) => weigh(tensor),
  encode: (tensor) => encodeTensors({ tensor }),
  decode: (bytes) => decodeTensors(bytes).must('tensor'),
}

const conditioning: Codec<Conditioning> = {
  bytes: ({ context, pooled }) => weigh(context, pooled),
  encode: ({ context, pooled }) => encodeTensors({ context, pooled }),
  decode: (bytes) => {
    const { must } = decodeTensors(bytes)
    return { context: must('context'), pooled: must('pooled') }
  },
}

const latent: Codec<LatentImage> = {
  bytes: ({ samples, mask }) => weigh(samples, mask),
  encode: ({ samples, mask, empty }) =>
    encodeTensors({ samples, mask }, empty ? { empty: 'true' } : {}),
  decode: (bytes) => {
    const { get, must, metadata } = decodeTensors(bytes)
    const mask = get('mask')
    return {
      samples: must('samples'),
      ...(mask && { mask }),
      ...(metadata.empty && { empty: true }),
    }
  },
}

/** Handles describe files; their weights are not in memory. */
const handle: Codec<unknown> = { bytes: () => 10_000 }

const lora: Codec<Lora> = {
  bytes: ({ modules }) =>
    modules.reduce(
      (sum, { parts }) =>
        sum + [...parts.values()].reduce((bytes, { data }) => bytes + data.byteLength, 0),
      10_000,
    ),
}

/** By socket name. */
export const codecs = {
  image: tensorCodec satisfies Codec<Image>,
  mask: tensorCodec satisfies Codec<Mask>,
  latent,
  conditioning,
  model: handle,
  'text-encoder': handle,
  vae: handle,
  lora,
} as const
