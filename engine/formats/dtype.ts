/**
 * Element types of a tensor in a file, in the order in which the reference writer of safetensors
 * ranks them: tensors are laid out from the last to the first, so that wide elements stay aligned.
 */
export const dtypes = [
  'BOOL',
  'U8',
  'I8',
  'F8_E5M2',
  'F8_E4M3',
  'I16',
  'U16',
  'F16',
  'BF16',
  'I32',
  'U32',
  'F32',
  'F64',
  'I64',
  'U64',
] as const

/** Name of an element type as safetensors writes it; `F8_E4M3` is the variant without infinity. */
export type Dtype = (typeof dtypes)[number]

/** One tensor in memory, as the file has it: little-endian, row-major. */
export interface SafetensorsTensor {
  readonly dtype: Dtype
  readonly shape: readonly number[]
  readonly bytes: Uint8Array
}

/** Bytes of one element. */
export const dtypeBytes: Readonly<Record<Dtype, number>> = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E5M2: 1,
  F8_E4M3: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  F64: 8,
  I64: 8,
  U64: 8,
}

/** True for the name of a known element type. */
export function isDtype(name: unknown): name is Dtype {
  return dtypes.some((dtype) => dtype === name)
}

/**
 * Bytes of a dense tensor, or undefined when the product is beyond exact integers.
 * Does not check that the sizes are whole and not negative.
 */
export function tensorBytes(dtype: Dtype, shape: readonly number[]): number | undefined {
  let bytes = dtypeBytes[dtype]
  for (const size of shape) {
    bytes *= size
    if (bytes > Number.MAX_SAFE_INTEGER) return undefined
  }
  return bytes
}
