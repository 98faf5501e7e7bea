import { FormatError } from '../errors.ts'
import { type Dim, type Shape, sameDim, showShape } from './dims.ts'
import type { Attribute, ElementType, Value } from './value.ts'

/** What an op sees of its inputs when its output shapes are worked out. */
export interface OpContext {
  readonly op: string
  /** Undefined where an optional input is absent. */
  readonly inputs: readonly (Value | undefined)[]
  readonly attributes: Readonly<Record<string, Attribute>>
}

export interface OutputInfo {
  readonly type: ElementType
  readonly shape: Shape
  readonly content?: readonly Dim[]
}

/** One entry of the op table. */
export interface OpDefinition {
  /** Empty for ONNX's own ops. */
  readonly domain?: string
  /** Least and greatest number of inputs. */
  readonly arity: readonly [number, number]
  /** Shapes and types of the outputs; throws a `FormatError` where the inputs do not fit. */
  readonly outputs: (context: OpContext) => readonly OutputInfo[]
}

/** Input `index`, which the arity has checked to be there. */
export function inputAt(context: OpContext, index: number): Value {
  const value = context.inputs[index]
  if (!value) throw new FormatError(`${context.op}: input ${index} is absent, expected a value`)
  return value
}

/** A list attribute. */
export function numbersOf(context: OpContext, name: string, fallback?: readonly number[]) {
  const found = context.attributes[name] ?? fallback
  if (Array.isArray(found)) return found as readonly number[]
  throw new FormatError(`${context.op}: attribute ${name} is ${String(found)}, expected a list`)
}

/** A number attribute. */
export function numberOf(context: OpContext, name: string, fallback?: number): number {
  const found = context.attributes[name] ?? fallback
  if (typeof found === 'number') return found
  if (found && typeof found === 'object' && 'float' in found) return found.float
  throw new FormatError(`${context.op}: attribute ${name} is ${String(found)}, expected a number`)
}

/** Refuses an input whose rank is not the one wanted. */
export function expectRank(context: OpContext, value: Value, rank: number): void {
  if (value.shape.length === rank) return
  throw new FormatError(
    `${context.op}: ${value.name} has shape ${showShape(value.shape)}, expected ${rank} axes`,
  )
}

/** Refuses two dims that are not surely equal. */
export function expectSame(context: OpContext, what: string, found: Dim, expected: Dim): void {
  if (sameDim(found, expected)) return
  throw new FormatError(`${context.op}: ${what} is ${found}, expected ${expected}`)
}

/** Counts a negative axis from the end. */
export function axisOf(context: OpContext, axis: number, rank: number): number {
  const positive = axis < 0 ? axis + rank : axis
  if (Number.isInteger(positive) && positive >= 0 && positive < rank) return positive
  throw new FormatError(`${context.op}: axis is ${axis}, expected ${-rank} to ${rank - 1}`)
}
