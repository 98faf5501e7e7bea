import { FormatError } from '../../errors.ts'
import { broadcastShapes } from '../dims.ts'
import { inputAt, type OpContext, type OpDefinition, type OutputInfo } from '../op.ts'
import { type ElementType, elementCodes } from '../value.ts'

/** The common type of all inputs; the runtime converts nothing by itself. */
export function commonType(context: OpContext, from = 0): ElementType {
  const first = inputAt(context, from)
  for (const value of context.inputs.slice(from)) {
    if (value && value.type !== first.type) {
      throw new FormatError(
        `${context.op}: ${first.name} is ${first.type} and ${value.name} is ${value.type}, expected one type`,
      )
    }
  }
  return first.type
}

function same(context: OpContext): OutputInfo[] {
  const { type, shape } = inputAt(context, 0)
  return [{ type, shape }]
}

function broadcast(context: OpContext): OutputInfo[] {
  const shapes = context.inputs.map((_, index) => inputAt(context, index).shape)
  return [{ type: commonType(context), shape: broadcastShapes(context.op, shapes) }]
}

function comparison(context: OpContext): OutputInfo[] {
  return [{ ...broadcast(context)[0]!, type: 'bool' }]
}

function select(context: OpContext): OutputInfo[] {
  const shapes = context.inputs.map((_, index) => inputAt(context, index).shape)
  return [{ type: commonType(context, 1), shape: broadcastShapes(context.op, shapes) }]
}

const unary: OpDefinition = { arity: [1, 1], outputs: same }
const binary: OpDefinition = { arity: [2, 2], outputs: broadcast }

function typeOfCode(code: unknown): ElementType | undefined {
  const found = Object.entries(elementCodes).find(([, known]) => known === code)
  return found?.[0] as ElementType | undefined
}

/** Ops that treat every element alike. */
export const elementwise = {
  Add: binary,
  Sub: binary,
  Mul: binary,
  Div: binary,
  Pow: binary,
  Min: binary,
  Max: binary,
  Equal: { arity: [2, 2], outputs: comparison },
  Less: { arity: [2, 2], outputs: comparison },
  Where: { arity: [3, 3], outputs: select },
  Neg: unary,
  Abs: unary,
  Exp: unary,
  Log: unary,
  Sin: unary,
  Cos: unary,
  Erf: unary,
  Sqrt: unary,
  Reciprocal: unary,
  Sigmoid: unary,
  Tanh: unary,
  Gelu: { domain: 'com.microsoft', arity: [1, 1], outputs: same },
  /** `x * sigmoid(alpha * x)`: SiLU at alpha 1, CLIP's activation at 1.702. */
  QuickGelu: { domain: 'com.microsoft', arity: [1, 1], outputs: same },
  Cast: {
    arity: [1, 1],
    outputs: (context) => {
      const type = typeOfCode(context.attributes.to)
      if (!type) throw new FormatError(`Cast: to is ${String(context.attributes.to)}`)
      const value = inputAt(context, 0)
      return [{ type, shape: value.shape, ...(value.content && { content: value.content }) }]
    },
  },
} satisfies Record<string, OpDefinition>
