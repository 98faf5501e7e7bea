import { FormatError } from '../../errors.ts'
import { bfloat16ToFloat32, float32ToBfloat16, float32ToFloat16 } from '../../formats/half.ts'
import { encodeSafetensors, type SafetensorsTensor } from '../../formats/safetensors.ts'
import { blueprintTensors } from '../../models/blueprint.ts'
import { bytesOf } from '../../onnx/express.ts'
import { specEntries } from '../metadata/model-spec.ts'
import type { ModelPlan } from './demo-plan.ts'

/** What a file of a new model says of itself. */
export interface ModelFacts {
  readonly title: string
  readonly author?: string
  readonly description?: string
  /** Such as `CC0-1.0`. */
  readonly licence?: string
  /** `WIDTHxHEIGHT` of the pictures it was trained on. */
  readonly resolution?: string
  /** True: weights are rounded to the 8 significant bits of bfloat16, which pack smaller. */
  readonly rounded?: boolean
}

/**
 * A single-file checkpoint in float16 under the names that SD 1.x has, of weights by canonical
 * name. The metadata holds what tensors do not tell. Throws a FormatError where a tensor is absent,
 * has another size, or a number does not fit into float16.
 */
export function modelFile(
  { blueprint, config }: Pick<ModelPlan, 'blueprint' | 'config'>,
  weights: ReadonlyMap<string, Float32Array>,
  { title, author, description, licence, resolution, rounded = false }: ModelFacts,
): Uint8Array {
  const tensors = blueprintTensors(blueprint).map(({ name, stored, shape }) => {
    const data = weights.get(name)
    const count = shape.reduce((product, size) => product * size, 1)
    if (data?.length !== count) {
      const found = data ? `${data.length} numbers` : 'absent'
      throw new FormatError(`new model: ${name} is ${found}, ${count} numbers expected`)
    }
    const kept = rounded ? bfloat16ToFloat32(float32ToBfloat16(data)) : data
    const half = float32ToFloat16(kept)
    const bad = half.findIndex((value) => !Number.isFinite(value))
    if (bad >= 0) {
      throw new FormatError(`new model: ${name} holds ${data[bad]}, at most 65504 expected`)
    }
    return [stored, { dtype: 'F16', shape, bytes: bytesOf(half) } as SafetensorsTensor] as const
  })
  return encodeSafetensors(tensors, {
    'mazeru.config': JSON.stringify(config),
    ...specEntries({
      sai_model_spec: '1.0.0',
      architecture: 'stable-diffusion-v1',
      implementation: 'https://github.com/Stability-AI/generative-models',
      title,
      author,
      description,
      license: licence,
      resolution,
      prediction_type: 'epsilon',
    }),
  })
}
