import type { Shape } from '../onnx/dims.ts'

/** Which network a parameter belongs to; each may have a rate of its own. */
export type ParameterGroup = 'unet' | 'text-encoder' | 'vae'

/** One tensor in training. */
export interface ParameterInfo {
  /** Of the network's input: `NAME.down`, `NAME.up`, or a weight's canonical name. */
  readonly name: string
  readonly shape: readonly number[]
  readonly group: ParameterGroup
}

/** A shape of a program's value as numbers; parameters have no symbols. */
export function parameterShape(shape: Shape): readonly number[] {
  return shape.map(Number)
}
