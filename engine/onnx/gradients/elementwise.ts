import { FormatError } from '../../errors.ts'
import { add, cast, mul, scalar } from '../express.ts'
import type { Value } from '../value.ts'
import { floatAttribute, gradOutOf, type Rule, type RuleContext, unbroadcast } from './rule.ts'

/** A rule for one input: `dx` from `x`, `y` and the gradient. */
function unary(rule: (x: Value, y: Value, gradOut: Value, context: RuleContext) => Value): Rule {
  return (context) => [rule(context.inputs[0]!, context.outputs[0]!, gradOutOf(context), context)]
}

type Part = (a: Value, b: Value, gradOut: Value, context: RuleContext) => Value

/** A rule for two inputs that broadcast. */
function binary(left: Part, right: Part): Rule {
  return (context) => {
    const [a, b] = context.inputs as [Value, Value]
    const gradOut = gradOutOf(context)
    return [left, right].map((part, index) =>
      context.wants[index]
        ? unbroadcast(context, part(a, b, gradOut, context), context.inputs[index]!)
        : undefined,
    )
  }
}

/** `gradOut` where the condition holds, else 0. */
function where({ builder }: RuleContext, condition: Value, gradOut: Value): Value {
  return builder.op('Where', [condition, gradOut, scalar(builder, 0, gradOut.type)])
}

const first: Part = (_a, _b, gradOut) => gradOut

/** Rules of ops that treat every element alike; each says its derivative. */
export const elementwiseRules = {
  Add: binary(first, first),
  Sub: binary(first, (_a, _b, gradOut, { builder }) => builder.op('Neg', [gradOut])),
  // d(ab) = b da + a db
  Mul: binary(
    (_a, b, gradOut, { builder }) => mul(builder, gradOut, b),
    (a, _b, gradOut, { builder }) => mul(builder, gradOut, a),
  ),
  // d(a/b) = da / b - (a/b) db / b
  Div: binary(
    (_a, b, gradOut, { builder }) => builder.op('Div', [gradOut, b]),
    (_a, b, gradOut, { builder, outputs }) =>
      builder.op('Neg', [builder.op('Div', [mul(builder, gradOut, outputs[0]!), b])]),
  ),
  // d(a^p) = p a^(p-1) da; the exponent is a constant
  Pow: binary(
    (a, p, gradOut, { builder }) => {
      const less = builder.op('Sub', [p, scalar(builder, 1, p.type)])
      return mul(builder, gradOut, mul(builder, p, builder.op('Pow', [a, less])))
    },
    (_a, p, _gradOut, { op }) => {
      throw new FormatError(`${op}: gradient of exponent ${p.name} is wanted, expected a constant`)
    },
  ),
  // At a tie the gradient goes to the second input.
  Min: binary(
    (a, b, gradOut, context) => where(context, context.builder.op('Less', [a, b]), gradOut),
    (a, b, gradOut, { builder }) =>
      builder.op('Where', [builder.op('Less', [a, b]), scalar(builder, 0, gradOut.type), gradOut]),
  ),
  Max: binary(
    (a, b, gradOut, context) => where(context, context.builder.op('Less', [b, a]), gradOut),
    (a, b, gradOut, { builder }) =>
      builder.op('Where', [builder.op('Less', [b, a]), scalar(builder, 0, gradOut.type), gradOut]),
  ),
  Where: (context) => {
    const { builder, inputs, wants } = context
    const gradOut = gradOutOf(context)
    const [condition, a, b] = inputs as [Value, Value, Value]
    const zero = scalar(builder, 0, gradOut.type)
    return [
      undefined,
      wants[1] ? unbroadcast(context, where(context, condition, gradOut), a) : undefined,
      wants[2]
        ? unbroadcast(context, builder.op('Where', [condition, zero, gradOut]), b)
        : undefined,
    ]
  },
  Neg: unary((_x, _y, gradOut, { builder }) => builder.op('Neg', [gradOut])),
  // The slope of |x| at 0 is taken as 1.
  Abs: unary((x, _y, gradOut, { builder }) =>
    builder.op('Where', [
      builder.op('Less', [x, scalar(builder, 0, x.type)]),
      builder.op('Neg', [gradOut]),
      gradOut,
    ]),
  ),
  Exp: unary((_x, y, gradOut, { builder }) => mul(builder, gradOut, y)),
  Log: unary((x, _y, gradOut, { builder }) => builder.op('Div', [gradOut, x])),
  Sin: unary((x, _y, gradOut, { builder }) => mul(builder, gradOut, builder.op('Cos', [x]))),
  Cos: unary((x, _y, gradOut, { builder }) =>
    builder.op('Neg', [mul(builder, gradOut, builder.op('Sin', [x]))]),
  ),
  // d erf(x) = 2/√π e^(-x²) dx
  Erf: unary((x, _y, gradOut, { builder }) => {
    const bell = builder.op('Exp', [builder.op('Neg', [mul(builder, x, x)])])
    return mul(
      builder,
      gradOut,
      mul(builder, bell, scalar(builder, 2 / Math.sqrt(Math.PI), x.type)),
    )
  }),
  // d √x = dx / (2 √x)
  Sqrt: unary((_x, y, gradOut, { builder }) =>
    builder.op('Div', [mul(builder, gradOut, scalar(builder, 0.5, y.type)), y]),
  ),
  // d(1/x) = -y² dx
  Reciprocal: unary((_x, y, gradOut, { builder }) =>
    builder.op('Neg', [mul(builder, gradOut, mul(builder, y, y))]),
  ),
  // dσ = σ (1 - σ) dx
  Sigmoid: unary((_x, y, gradOut, { builder }) => {
    const rest = builder.op('Sub', [scalar(builder, 1, y.type), y])
    return mul(builder, gradOut, mul(builder, y, rest))
  }),
  // d tanh = (1 - y²) dx
  Tanh: unary((_x, y, gradOut, { builder }) => {
    const rest = builder.op('Sub', [scalar(builder, 1, y.type), mul(builder, y, y)])
    return mul(builder, gradOut, rest)
  }),
  // y = x Φ(x); dy = (Φ(x) + x φ(x)) dx with the normal distribution Φ and its density φ
  Gelu: unary((x, _y, gradOut, { builder }) => {
    const constant = (number: number) => scalar(builder, number, x.type)
    const erf = builder.op('Erf', [mul(builder, x, constant(Math.SQRT1_2))])
    const area = mul(builder, add(builder, erf, constant(1)), constant(0.5))
    const square = mul(builder, mul(builder, x, x), constant(-0.5))
    const bell = mul(builder, builder.op('Exp', [square]), constant(1 / Math.sqrt(2 * Math.PI)))
    return mul(builder, gradOut, add(builder, area, mul(builder, x, bell)))
  }),
  // y = x σ(αx); dy = (σ + α y (1 - σ)) dx
  QuickGelu: unary((x, y, gradOut, context) => {
    const { builder } = context
    const alpha = floatAttribute(context, 'alpha')
    const inner = alpha === 1 ? x : mul(builder, x, scalar(builder, alpha, x.type))
    const gate = builder.op('Sigmoid', [inner])
    const rest = builder.op('Sub', [scalar(builder, 1, x.type), gate])
    const scaled = alpha === 1 ? y : mul(builder, y, scalar(builder, alpha, x.type))
    return mul(builder, gradOut, add(builder, gate, mul(builder, scaled, rest)))
  }),
  Cast: unary((x, _y, gradOut, { builder }) => cast(builder, gradOut, x.type)),
} satisfies Record<string, Rule>
