import { FormatError } from '../../errors.ts'
import { float32ToFloat16 } from '../../formats/half.ts'
import { encodeSafetensors, parseSafetensors, toFloat32 } from '../../formats/safetensors.ts'
import { createBuilder } from '../../onnx/builder.ts'
import { bytesOf } from '../../onnx/express.ts'
import type { Program } from '../../onnx/value.ts'
import type { SessionPool } from '../../runtime/session-pool.ts'
import { answerOf, outputCount, type Seen } from './classes.ts'
import { probeLogits, probeShapes } from './network.ts'
import { type StripPlace, stripHeight, stripOfPicture, stripWidth } from './strip.ts'

/** A trained probe: its weights by name. */
export interface Probe {
  readonly weights: ReadonlyMap<string, Float32Array>
  /** Of the file, to tell probes apart. */
  readonly key: string
}

/** The file of a probe: safetensors, float16. */
export function encodeProbe(weights: ReadonlyMap<string, Float32Array>): Uint8Array {
  const tensors = [...probeShapes].map(([name, shape]) => {
    const bytes = bytesOf(float32ToFloat16(weights.get(name)!))
    return [name, { dtype: 'F16', shape, bytes }] as const
  })
  return encodeSafetensors(tensors)
}

/** Reads a probe. Throws a FormatError where the file holds another network. */
export function readProbe(file: string, bytes: Uint8Array): Probe {
  const { tensors } = parseSafetensors(file, bytes)
  const weights = [...probeShapes].map(([name, shape]) => {
    const tensor = tensors.get(name)
    if (tensor?.shape.join() !== shape.join()) {
      const found = tensor ? `shape [${tensor.shape.join(', ')}]` : 'absent'
      throw new FormatError(`${file}: ${name} is ${found}, [${shape.join(', ')}] expected`)
    }
    return [name, toFloat32(tensor)] as const
  })
  return { weights: new Map(weights), key: file }
}

/**
 * Names what pictures `[3, 128, 128]`, 0 to 1, show: the object that stands at `place`, its colour,
 * the ground and the time of day.
 */
export async function classify(
  pool: SessionPool,
  probe: Probe,
  images: readonly Float32Array[],
  place: StripPlace = 'middle',
): Promise<readonly Seen[]> {
  return classifyStrips(
    pool,
    probe,
    images.map((image) => stripOfPicture(image, place)),
  )
}

/** Names what strips show. */
export async function classifyStrips(
  pool: SessionPool,
  probe: Probe,
  strips: readonly Float32Array[],
): Promise<readonly Seen[]> {
  if (strips.length === 0) return []
  const session = await pool.session(`probe ${probe.key}`, () => probeProgram(probe))
  const { logits } = await session.run({ image: stacked(strips) })
  const numbers = logits!.data as Float32Array
  return strips.map((_, i) => answerOf(numbers.subarray(i * outputCount, (i + 1) * outputCount)))
}

/** Strips as one batch. */
export function stacked(strips: readonly Float32Array[]) {
  const size = 3 * stripHeight * stripWidth
  const data = new Float32Array(strips.length * size)
  strips.forEach((strip, i) => {
    data.set(strip, i * size)
  })
  return { data, shape: [strips.length, 3, stripHeight, stripWidth] }
}

function probeProgram({ weights }: Probe): Program {
  const builder = createBuilder('probe')
  const image = builder.input('image', 'float32', ['batch', 3, stripHeight, stripWidth])
  const weight = (name: string) =>
    builder.weight(name, 'float32', probeShapes.get(name)!, bytesOf(weights.get(name)!))
  builder.output('logits', probeLogits(builder, image, weight))
  return builder.finish()
}
