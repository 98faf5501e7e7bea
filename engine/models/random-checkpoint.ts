import { layoutOrder, writeHeader } from '../formats/safetensors.ts'
import { bytesOf } from '../onnx/express.ts'
import { type Blueprint, type BlueprintTensor, blueprintTensors } from './blueprint.ts'
import type { CheckpointConfig } from './checkpoint.ts'
import { type RandomNumbers, randomNumbers } from './random-numbers.ts'

/** A checkpoint that can be made up: sizes, and the counts that its tensors do not tell. */
export interface RandomPreset {
  readonly title: string
  readonly blueprint: Blueprint
  /** Empty where all counts are the family's. */
  readonly config: CheckpointConfig
}

/** `tiny` runs anywhere and speaks the real vocabulary; `full` has the sizes of SD 1.5. */
export const randomPresets = {
  tiny: {
    title: 'Stable Diffusion 1.x in small',
    blueprint: {
      unet: { channels: [16, 32, 32, 32], contextSize: 32 },
      textEncoder: { width: 32, layers: 2 },
      vae: { channels: [16, 16, 16, 32] },
    },
    config: {
      family: 'sd15',
      unet: { heads: 2, normGroups: 8 },
      textEncoder: { heads: 4 },
      vae: { normGroups: 8 },
    },
  },
  full: {
    title: 'Stable Diffusion 1.5',
    blueprint: {
      unet: { channels: [320, 640, 1280, 1280], contextSize: 768 },
      textEncoder: { width: 768, layers: 12 },
      vae: { channels: [128, 256, 512, 512] },
    },
    config: {},
  },
} as const satisfies Record<string, RandomPreset>

/**
 * A single-file float16 checkpoint with seeded random weights (standard deviation one over the root
 * of the fan-in; norms 1, biases 0), in pieces of at most 2 MiB. Its metadata says what it is.
 */
export function* randomCheckpoint(
  { blueprint, config }: RandomPreset,
  seed: number,
): Generator<Uint8Array> {
  const tensors = layoutOrder(
    blueprintTensors(blueprint).map((tensor) => ({
      ...tensor,
      name: tensor.stored,
      dtype: 'F16' as const,
    })),
  )
  yield writeHeader(tensors, {
    'mazeru.note': `random weights of seed ${seed}: for trying and measuring, they draw nothing`,
    ...(Object.keys(config).length > 0 && { 'mazeru.config': JSON.stringify(config) }),
  })
  const numbers = randomNumbers(seed)
  for (const tensor of tensors) yield* randomTensor(tensor, numbers)
}

function* randomTensor(
  { shape, role }: Pick<BlueprintTensor, 'shape' | 'role'>,
  numbers: RandomNumbers,
): Generator<Uint8Array> {
  const count = shape.reduce((product, size) => product * size, 1)
  if (role === 'norm' || role === 'bias') {
    yield bytesOf(new Float16Array(count).fill(role === 'norm' ? 1 : 0))
    return
  }
  const fanIn = count / shape[0]!
  for (const piece of numbers.normals(count, 1 / Math.sqrt(fanIn))) yield bytesOf(piece)
}
