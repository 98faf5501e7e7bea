import { integers, mul } from '../express.ts'
import type { Value } from '../value.ts'
import { convolutionRules } from './convolution.ts'
import { normRules } from './norms.ts'
import { gradOutOf, product, type Rule, type RuleContext, sum, unbroadcast } from './rule.ts'

/** All axes but the last as one. */
function rows({ builder }: RuleContext, x: Value): Value {
  const width = x.shape.at(-1)
  if (x.shape.length === 2 || typeof width !== 'number') return x
  return builder.op('Reshape', [x, integers(builder, [-1, width])])
}

// y = a b: da = dy b^T, db = a^T dy
const matMul: Rule = (context) => {
  const { builder, inputs, wants } = context
  const [a, b] = inputs as [Value, Value]
  const gradOut = gradOutOf(context)
  const left = wants[0]
    ? unbroadcast(context, product(context, gradOut, b, { transB: 1 }), a)
    : undefined
  if (!wants[1]) return [left, undefined]
  if (b.shape.length === 2 && a.shape.length > 2) {
    const [flatA, flatGrad] = [rows(context, a), rows(context, gradOut)]
    if (flatA.shape.length === 2 && flatGrad.shape.length === 2) {
      return [left, builder.op('Gemm', [flatA, flatGrad], { transA: 1 })]
    }
  }
  return [left, unbroadcast(context, product(context, a, gradOut, { transA: 1 }), b)]
}

// y = a' b' + c with a' = a or a^T, b' = b or b^T
const gemm: Rule = (context) => {
  const { builder, inputs, wants, attributes } = context
  const [a, b, c] = inputs as [Value, Value, Value | undefined]
  const gradOut = gradOutOf(context)
  const [flipA, flipB] = [Number(attributes.transA ?? 0), Number(attributes.transB ?? 0)]
  const times = (left: Value, right: Value, transA: number, transB: number) =>
    builder.op('Gemm', [left, right], { transA, transB })
  return [
    wants[0] ? (flipA ? times(b, gradOut, flipB, 1) : times(gradOut, b, 0, 1 - flipB)) : undefined,
    wants[1] ? (flipB ? times(gradOut, a, 1, flipA) : times(a, gradOut, 1 - flipA, 0)) : undefined,
    wants[2] && c ? unbroadcast(context, gradOut, c) : undefined,
  ]
}

/** `y` sums to 1 along the axis: `dx = y (dy - sum(y dy))`. */
const softmax: Rule = (context) => {
  const { builder, outputs, attributes } = context
  const [y] = outputs as [Value]
  const gradOut = gradOutOf(context)
  const given = Number(attributes.axis ?? -1)
  const axis = given < 0 ? given + y.shape.length : given
  const weighted = mul(builder, y, gradOut)
  const total = sum(builder, weighted, [axis])
  return [builder.op('Sub', [weighted, mul(builder, y, total)])]
}

/** Rules of ops with weights, norms and attention. */
export const networkRules = {
  MatMul: matMul,
  Gemm: gemm,
  Softmax: softmax,
  ...convolutionRules,
  ...normRules,
} satisfies Record<string, Rule>
