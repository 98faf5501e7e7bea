import type { Builder } from '../../onnx/builder.ts'
import { reshape, split } from '../../onnx/express.ts'
import type { Value } from '../../onnx/value.ts'
import type { ParameterGroup, ParameterInfo } from '../parameter.ts'
import { joined } from './numeric.ts'
import type { Packing } from './optimizer.ts'

/** Where parameters lie in a block. */
export interface BlockLayout {
  readonly name: string
  readonly group: ParameterGroup
  readonly packing: Packing
  readonly shape: readonly number[]
  readonly parameters: readonly ParameterInfo[]
}

/** What one `Concat` takes. */
const mostParameters = 64

/** 16 MiB: an update needs about ten tensors of this size at once. */
const mostElements = 2 ** 22

/**
 * Puts parameters into blocks: those of one group, in their order, for `stacked` also of one shape.
 * The layout follows from the list alone, so a state fits as long as the list is the same.
 */
export function blockLayouts(
  parameters: readonly ParameterInfo[],
  packing: Packing,
): readonly BlockLayout[] {
  const kinds = new Map<string, ParameterInfo[][]>()
  for (const parameter of parameters) {
    const { group, shape } = parameter
    const kind = packing === 'flat' ? group : `${group} ${shape.join(' ')}`
    const portions = kinds.get(kind) ?? []
    kinds.set(kind, portions)
    const last = portions.at(-1)
    if (last && fits(last, parameter)) last.push(parameter)
    else portions.push([parameter])
  }
  return [...kinds.values()].flat().map((portion, index) => {
    const [first] = portion as [ParameterInfo]
    return {
      name: `${first.group} ${index}`,
      group: first.group,
      packing,
      shape: blockShape(portion, packing),
      parameters: portion,
    }
  })
}

/** Puts the values of a block's parameters together. */
export function pack(builder: Builder, layout: BlockLayout, values: readonly Value[]): Value {
  const { packing, shape } = layout
  const wanted = packing === 'stacked' ? [1, ...shape.slice(1)] : values.length > 1 ? [-1] : shape
  return joined(
    builder,
    values.map((value) => shaped(builder, value, wanted)),
  )
}

/** Takes a block apart: the parameters in their order and shapes. */
export function unpack(builder: Builder, layout: BlockLayout, block: Value): readonly Value[] {
  const { packing, parameters } = layout
  const sizes = parameters.map(({ shape }) => (packing === 'stacked' ? 1 : elements(shape)))
  const parts = parameters.length > 1 ? split(builder, block, sizes, 0) : [block]
  return parts.map((part, index) => shaped(builder, part, parameters[index]!.shape))
}

/** Number of elements of a shape. */
export function elements(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1)
}

function fits(portion: readonly ParameterInfo[], { shape }: ParameterInfo): boolean {
  const filled = portion.reduce((sum, other) => sum + elements(other.shape), 0)
  return portion.length < mostParameters && filled + elements(shape) <= mostElements
}

/** A parameter alone keeps its shape in a flat block: nothing has to be moved. */
function blockShape(portion: readonly ParameterInfo[], packing: Packing): readonly number[] {
  const { shape } = portion[0]!
  if (packing === 'stacked') return [portion.length, ...shape]
  if (portion.length === 1) return shape
  return [portion.reduce((sum, other) => sum + elements(other.shape), 0)]
}

function shaped(builder: Builder, value: Value, shape: readonly number[]): Value {
  const isSame =
    value.shape.length === shape.length && value.shape.every((dim, axis) => dim === shape[axis])
  return isSame || (shape[0] === -1 && value.shape.length === 1)
    ? value
    : reshape(builder, value, shape)
}
