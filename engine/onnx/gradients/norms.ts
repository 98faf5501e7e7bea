import { mul, reshape, vector } from '../express.ts'
import type { Value } from '../value.ts'
import { floatAttribute, gradOutOf, mean, type Rule, type RuleContext, sum } from './rule.ts'

/** Where a norm takes its means, and where its weight lies. */
interface NormAxes {
  readonly normed: readonly number[]
  readonly weight: number
}

/**
 * `y = w x̂ + b` with `x̂ = (x - mean) / d`, `d = √(variance + ε)`:
 * `dx = (g - mean(g) - x̂ mean(g x̂)) / d` with `g = w dy`; `dw = sum(dy x̂)`, `db = sum(dy)`.
 */
function norm(axesOf: (x: Value) => NormAxes): Rule {
  return (context) => {
    const { builder, inputs, wants } = context
    const [x, weight, bias] = inputs as [Value, Value, Value | undefined]
    const axes = axesOf(x)
    const gradOut = gradOutOf(context)
    const centred = builder.op('Sub', [x, mean(builder, x, axes.normed)])
    const variance = mean(builder, mul(builder, centred, centred), axes.normed)
    const epsilon = vector(builder, [floatAttribute(context, 'epsilon')], [])
    const deviation = builder.op('Sqrt', [builder.op('Add', [variance, epsilon])])
    const isPlain = isFilled(context, weight, 1) && (!bias || isFilled(context, bias, 0))
    const normed = isPlain ? context.outputs[0]! : builder.op('Div', [centred, deviation])
    const others = x.shape.map((_, axis) => axis).filter((axis) => axis !== axes.weight)
    const scaled = isPlain ? gradOut : mul(builder, gradOut, along(context, weight, x, axes.weight))
    return [
      wants[0]
        ? inputGradient(context, { normed, scaled, deviation, axes: axes.normed })
        : undefined,
      wants[1] ? sum(builder, mul(builder, gradOut, normed), others, 0) : undefined,
      wants[2] ? sum(builder, gradOut, others, 0) : undefined,
    ]
  }
}

function inputGradient(
  { builder }: RuleContext,
  parts: { normed: Value; scaled: Value; deviation: Value; axes: readonly number[] },
): Value {
  const { normed, scaled, deviation, axes } = parts
  const share = mean(builder, mul(builder, scaled, normed), axes)
  const level = builder.op('Sub', [scaled, mean(builder, scaled, axes)])
  const rest = builder.op('Sub', [level, mul(builder, normed, share)])
  return builder.op('Div', [rest, deviation])
}

/** A weight `[channels]` in a shape that broadcasts along one axis of `x`. */
function along({ builder }: RuleContext, weight: Value, x: Value, axis: number): Value {
  const after = x.shape.length - 1 - axis
  return after === 0 ? weight : reshape(builder, weight, [-1, ...new Array<number>(after).fill(1)])
}

/** Whether a value is a constant of one number. */
function isFilled({ builder }: RuleContext, value: Value, number: number): boolean {
  const bytes = builder.constantOf(value.name)?.bytes
  if (!bytes || value.type !== 'float32') return false
  return new Float32Array(bytes.slice().buffer).every((entry) => entry === number)
}

/** Rules of norms. */
export const normRules = {
  InstanceNormalization: norm((x) => ({
    normed: x.shape.map((_, axis) => axis).slice(2),
    weight: 1,
  })),
  LayerNormalization: norm((x) => ({
    normed: [x.shape.length - 1],
    weight: x.shape.length - 1,
  })),
} satisfies Record<string, Rule>
