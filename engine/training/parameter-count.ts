import type { Dtype } from '../formats/dtype.ts'
import { layoutOrder, type TensorLayout, writeHeader } from '../formats/safetensors-write.ts'
import { evenFactors } from './initial/parts.ts'
import type { NetworkSettings, networkAlgorithms } from './settings/network.ts'
import type { SavingSettings } from './settings/saving.ts'

/** A layer that a LoRA changes. */
export interface CountedLayer {
  /** The beginning of its keys in the file, such as `lora_unet_mid_block_…_to_q`. */
  readonly key: string
  /** `[out, in]` or `[out, in, height, width]`. */
  readonly shape: readonly number[]
  readonly rank: number
}

/** What is learned, what is not, and what the file will weigh. */
export interface ParameterCount {
  readonly trainable: number
  readonly frozen: number
  /** Of the tensors and their header, without metadata. */
  readonly fileBytes: number
}

export type NetworkAlgorithm = (typeof networkAlgorithms)[number]

type Shapes = Readonly<Record<string, readonly number[]>>

/** How each algorithm writes the change of a layer [out, inner] with `inner` = in x kernel. */
const tensorShapes: Readonly<
  Record<NetworkAlgorithm, (layer: CountedLayer, factor: number) => Shapes>
> = {
  lora: ({ shape: [out = 0, ...inner], rank }) => ({
    'lora_down.weight': [rank, ...inner],
    'lora_up.weight': [out, rank, ...inner.slice(1).map(() => 1)],
  }),
  dora: (layer, factor) => ({
    ...tensorShapes.lora(layer, factor),
    dora_scale: [layer.shape[0] ?? 0, ...layer.shape.slice(1).map(() => 1)],
  }),
  loha: ({ shape: [out = 0, ...inner], rank }) => ({
    hada_w1_a: [out, rank],
    hada_w1_b: [rank, product(inner)],
    hada_w2_a: [out, rank],
    hada_w2_b: [rank, product(inner)],
  }),
  lokr: ({ shape: [out = 0, input = 0, ...kernel], rank }, factor) => {
    const [smallOut, largeOut] = evenFactors(out, factor)
    const [smallIn, largeIn] = evenFactors(input, factor)
    const first = { lokr_w1: [smallOut, smallIn] }
    if (rank >= Math.max(largeOut, largeIn) / 2) {
      return { ...first, lokr_w2: [largeOut, largeIn, ...kernel] }
    }
    const inner = largeIn * product(kernel)
    return { ...first, lokr_w2_a: [largeOut, rank], lokr_w2_b: [rank, inner] }
  },
}

/**
 * Counts the numbers that a LoRA learns and those of the networks that stay as they are, and the
 * bytes of its file. `frozen` is every tensor of the networks, by shape.
 */
export function countParameters(
  layers: readonly CountedLayer[],
  frozen: Iterable<{ readonly shape: readonly number[] }>,
  settings: Pick<NetworkSettings, 'networkAlgorithm' | 'factor'> &
    Pick<SavingSettings, 'savePrecision'>,
): ParameterCount {
  const dtype = dtypeOf[settings.savePrecision]
  const shapesOf = tensorShapes[settings.networkAlgorithm]
  const trained = layers.flatMap((layer) =>
    Object.entries(shapesOf(layer, settings.factor)).map(
      ([part, shape]): TensorLayout => ({ name: `${layer.key}.${part}`, dtype, shape }),
    ),
  )
  const alphas = layers.map(({ key }): TensorLayout => ({ name: `${key}.alpha`, dtype, shape: [] }))
  const tensors = layoutOrder([...trained, ...alphas])
  const numbers = tensors.reduce((sum, { shape }) => sum + product(shape), 0)
  let rest = 0
  for (const { shape } of frozen) rest += product(shape)
  return {
    trainable: numbers - alphas.length,
    frozen: rest,
    fileBytes: writeHeader(tensors).length + numbers * bytesOf[settings.savePrecision],
  }
}

const dtypeOf = { float: 'F32', fp16: 'F16', bf16: 'BF16' } as const satisfies Record<string, Dtype>
const bytesOf = { float: 4, fp16: 2, bf16: 2 } as const

/** `3 190 272 of 862 711 044 numbers learn (0.37 %), a file of 6.4 MB`. */
export function parameterCountText({ trainable, frozen, fileBytes }: ParameterCount): string {
  const share = (100 * trainable) / Math.max(1, trainable + frozen)
  const all = grouped(trainable + frozen)
  const size = fileBytes < 1e6 ? `${Math.ceil(fileBytes / 1e3)} kB` : `${megabytes(fileBytes)} MB`
  return `${grouped(trainable)} of ${all} numbers learn (${share.toPrecision(2)} %), a file of ${size}`
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1)
}

function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ' ')
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((all, size) => all * size, 1)
}
