import { open } from 'node:fs/promises'
import { FormatError } from '../errors.ts'
import { type Dtype, toFloat32 } from '../formats/safetensors.ts'
import type { WeightTensor } from '../models/weights.ts'
import { readAt } from './weights.ts'

/**
 * The numbers of one weight of a checkpoint, as float32. Throws a FormatError where the file has
 * changed since its header was read.
 */
export async function readWeight({
  stored,
  type,
  shape,
  data,
}: WeightTensor): Promise<Float32Array> {
  const dtype = dtypes[type]
  if (!dtype) throw new FormatError(`${stored}: holds ${type}, expected floats`)
  const handle = await open(data.file, 'r')
  try {
    const bytes = await readAt(handle, stored, data.offset, data.length)
    return toFloat32({ dtype, shape, bytes })
  } finally {
    await handle.close()
  }
}

const dtypes: Readonly<Partial<Record<WeightTensor['type'], Dtype>>> = {
  float32: 'F32',
  float16: 'F16',
  bfloat16: 'BF16',
}
