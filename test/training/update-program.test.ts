import { describe, expect, it } from 'vitest'
import { optimizerSchema, optimizerTypes } from '../../engine/training/optimizers.ts'
import type { ParameterInfo } from '../../engine/training/parameter.ts'
import { updateProgram } from '../../engine/training/update-program.ts'
import { relativeError } from '../support/golden.ts'
import {
  initialParameters,
  mixedParameters,
  noisyGradients,
  runUpdates,
  type Tensors,
  type UpdateStep,
} from './update-runner.ts'

const both = { unet: 1e-2, 'text-encoder': 1e-2 }
const start = initialParameters(mixedParameters, 11)
const steps: UpdateStep[] = noisyGradients(mixedParameters, 6, 5).map((gradients) => ({
  gradients,
  rates: both,
}))

/** The least that moves parameters by rate times gradient. */
const plain = { optimizerType: 'SGDNesterov', optimizerArgs: { momentum: 1e-30 } }

function norm(lists: Iterable<ArrayLike<number>>): number {
  let sum = 0
  for (const list of lists) for (let i = 0; i < list.length; i++) sum += list[i]! ** 2
  return Math.sqrt(sum)
}

function difference(after: Tensors, before: Tensors): number[][] {
  return [...after].map(([name, list]) => Array.from(list, (x, i) => x - before.get(name)![i]!))
}

function expectNear(found: Tensors, expected: Tensors, tolerance = 1e-6): void {
  expect([...found.keys()]).toEqual([...expected.keys()])
  for (const [name, list] of found) {
    expect(relativeError(list, expected.get(name)!), name).toBeLessThanOrEqual(tolerance)
  }
}

describe('the update program', () => {
  it('divides the sum of gradients by the number of micro-batches', async () => {
    const doubled = steps.map(({ gradients, rates }) => ({
      gradients: new Map([...gradients].map(([name, list]) => [name, list.map((x) => 4 * x)])),
      rates,
      divisor: 4,
    }))
    const once = await runUpdates({}, mixedParameters, start, steps)
    const summed = await runUpdates({}, mixedParameters, start, doubled)
    expect(summed.parameters).toEqual(once.parameters)
  })

  it('reports the norms of gradients, parameters and change', async () => {
    const first = steps.slice(0, 1)
    const { parameters, reports } = await runUpdates({}, mixedParameters, start, first)
    const [report] = reports
    const gradients = first[0]!.gradients.values()
    expect(report!.gradientNorm! / norm(gradients)).toBeCloseTo(1, 6)
    expect(report!.parameterNorm! / norm(start.values())).toBeCloseTo(1, 6)
    expect(report!.updateNorm! / norm(difference(parameters, start))).toBeCloseTo(1, 5)
  })

  it('shortens gradients that are longer than maxGradNorm, all by one factor', async () => {
    const [step] = steps as [UpdateStep]
    const length = norm(step.gradients.values())
    const limit = length / 3
    const settings = { ...plain, maxGradNorm: limit }
    const { parameters, reports } = await runUpdates(settings, mixedParameters, start, [step])
    expect(reports[0]!.gradientNorm! / length).toBeCloseTo(1, 6)
    const factor = limit / (length + 1e-6)
    const expected = new Map(
      [...start].map(([name, list]) => [
        name,
        list.map((x, i) => x - 1e-2 * factor * step.gradients.get(name)![i]!),
      ]),
    )
    expectNear(parameters, expected)
  })

  it('leaves gradients alone that are shorter than maxGradNorm', async () => {
    const off = await runUpdates({ ...plain, maxGradNorm: 0 }, mixedParameters, start, steps)
    const wide = await runUpdates({ ...plain, maxGradNorm: 1e3 }, mixedParameters, start, steps)
    expect(wide.parameters).toEqual(off.parameters)
  })

  it('moves each group at its own rate, and not at all at rate 0', async () => {
    const quiet = steps.map((step) => ({ ...step, rates: { ...both, 'text-encoder': 0 } }))
    const all = await runUpdates({}, mixedParameters, start, steps)
    const some = await runUpdates({}, mixedParameters, start, quiet)
    for (const { name, group } of mixedParameters) {
      const expected = group === 'unet' ? all.parameters : start
      expect(some.parameters.get(name), name).toEqual(expected.get(name))
    }
  })

  it('averages parameters, early steps more quickly', async () => {
    const decay = 0.3
    const settings = { ema: true, emaDecay: decay }
    let expected: Tensors = start
    for (let count = 1; count <= steps.length; count++) {
      const done = steps.slice(0, count)
      const { parameters, state } = await runUpdates(settings, mixedParameters, start, done)
      const keep = Math.min(decay, (1 + count) / (10 + count))
      expected = new Map(
        [...expected].map(([name, list]) => [
          name,
          list.map((x, i) => keep * x + (1 - keep) * parameters.get(name)![i]!),
        ]),
      )
      const averages = mixedParameters.map(({ name }) => [name, state.get(`ema ${name}`)!] as const)
      expectNear(new Map(averages), expected)
    }
  })

  it.each(optimizerTypes)('goes on from its state bit for bit with %s', async (optimizerType) => {
    const settings = { optimizerType, ema: true, maxGradNorm: 1 }
    const whole = await runUpdates(settings, mixedParameters, start, steps)
    const again = await runUpdates(settings, mixedParameters, start, steps)
    const half = await runUpdates(settings, mixedParameters, start, steps.slice(0, 3))
    const rest = await runUpdates(settings, mixedParameters, half.parameters, steps.slice(3), {
      done: 3,
      state: half.state,
    })
    expect(again).toEqual(whole)
    expect(rest.parameters).toEqual(whole.parameters)
    expect(rest.state).toEqual(whole.state)
    expect(rest.reports).toEqual(whole.reports.slice(3))
  })

  it.each([
    'AdamW',
    'Lion',
    'SGDNesterov',
    'AdaFactor',
  ])('moves a parameter with %s the same whether it is alone or among others', async (optimizerType) => {
    const many = manyParameters(70)
    const initial = initialParameters(many, 2)
    const lists = noisyGradients(many, 3, 1).map((gradients) => ({ gradients, rates: both }))
    const together = await runUpdates({ optimizerType }, many, initial, lists)
    for (const info of [many[0]!, many[139]!, many[140]!]) {
      const alone = await runUpdates({ optimizerType }, [info], initial, lists)
      const found = together.parameters.get(info.name)!
      expect(relativeError(found, alone.parameters.get(info.name)!)).toBeLessThanOrEqual(1e-6)
    }
  })

  it.each(optimizerTypes)('has few ops for many parameters with %s', (optimizerType) => {
    const optimizer = optimizerSchema.parse({ optimizerType })
    const many = manyParameters(350)
    const { program } = updateProgram({ optimizer, maxGradNorm: 1 }, many)
    const own = program.operations.filter(({ op }) => op !== 'Identity' && op !== 'Reshape')
    expect(own.length).toBeLessThan(many.length)
    expect(program.operations.length).toBeLessThan(5 * many.length)
  })

  it('refuses arguments that the optimizer does not have', () => {
    const optimizer = optimizerSchema.parse({})
    const settings = { ...optimizer, optimizerArgs: { momentum: 0.9 } }
    expect(() => updateProgram({ optimizer: settings, maxGradNorm: 1 }, mixedParameters)).toThrow(
      'argument of AdamW: momentum, expected betas, eps, weightDecay',
    )
  })

  it('refuses two rates with Prodigy', async () => {
    const two = steps.map((step) => ({ ...step, rates: { unet: 1, 'text-encoder': 0.5 } }))
    await expect(
      runUpdates({ optimizerType: 'Prodigy' }, mixedParameters, start, two),
    ).rejects.toThrow('Prodigy: rates 1 (unet) and 0.5 (text-encoder), expected one rate for all')
  })
})

describe('the limit of norms', () => {
  // At rate 0 and without decay only the limit changes anything.
  const still = [{ ...steps[0]!, rates: { unet: 0, 'text-encoder': 0 } }]
  const scales = new Map([
    ['a', 0.5],
    ['b', 2],
    ['conv', 1],
  ])
  const parameters = mixedParameters.filter(({ name }) => name !== 'text.down')
  const filled = new Map(
    [...noisyGradients(parameters, 1, 23)[0]!].map(([name, list]) => [
      name,
      list.map((x) => 3 * x),
    ]),
  )

  it('shortens the change of a layer to it, both factors alike', async () => {
    const norms = new Map(
      [...scales].map(([layer, scale]) => [layer, scale * product(layer, filled)]),
    )
    const sorted = [...norms.values()].sort((a, b) => a - b) as [number, number, number]
    const limit = (sorted[0] + sorted[1]) / 2
    const settings = { ...plain, maxNorm: limit, loraScales: scales }
    const found = await runUpdates(settings, parameters, filled, still)
    for (const [layer, before] of norms) {
      const ratio = Math.sqrt(Math.min(before, limit) / before)
      for (const name of [`${layer}.down`, `${layer}.up`]) {
        const expected = filled.get(name)!.map((x) => ratio * x)
        expect(relativeError(found.parameters.get(name)!, expected), name).toBeLessThanOrEqual(1e-6)
      }
      const after = scales.get(layer)! * product(layer, found.parameters)
      expect(after / Math.min(before, limit)).toBeCloseTo(1, 5)
    }
    const [report] = found.reports
    expect(report!.scaledKeys).toBe(2)
    expect(report!.averageKeyNorm! / ((sorted[0] + 2 * limit) / 3)).toBeCloseTo(1, 5)
  })

  it('leaves shorter ones, other weights and changes of 0 bit for bit', async () => {
    const fresh = initialParameters(parameters, 31)
    const settings = { ...plain, maxNorm: 1, loraScales: scales }
    const found = await runUpdates(settings, parameters, fresh, still)
    expect(found.parameters).toEqual(fresh)
    const wide = { ...plain, maxNorm: 1e4, loraScales: scales }
    const long = await runUpdates(wide, parameters, filled, still)
    expect(long.parameters).toEqual(filled)
    expect(long.reports[0]!.scaledKeys).toBe(0)
  })

  it('is refused where nothing has factors', () => {
    const optimizer = optimizerSchema.parse({})
    const weights: ParameterInfo[] = [{ name: 'conv.weight', shape: [4], group: 'unet' }]
    expect(() => updateProgram({ optimizer, maxGradNorm: 1, maxNorm: 1 }, weights)).toThrow(
      'scaleWeightNorms: no layer with down and up factors, expected a LoRA; leave it out',
    )
  })
})

/** Norm of the product of a layer's factors, element by element. */
function product(layer: string, tensors: Tensors): number {
  const down = tensors.get(`${layer}.down`)!
  const up = tensors.get(`${layer}.up`)!
  const isConvolution = layer === 'conv'
  const rank = isConvolution ? 2 : 3
  const [inner, out] = [down.length / rank, up.length / rank]
  let sum = 0
  for (let i = 0; i < inner; i++) {
    for (let o = 0; o < out; o++) {
      let element = 0
      for (let r = 0; r < rank; r++) {
        element += isConvolution
          ? down[r * inner + i]! * up[o * rank + r]!
          : down[i * rank + r]! * up[r * out + o]!
      }
      sum += element * element
    }
  }
  return Math.sqrt(sum)
}

/** Pairs of factors of a few shapes, as a LoRA has them, and one more in the text encoder. */
function manyParameters(pairs: number): ParameterInfo[] {
  const widths = [4, 6, 8]
  return Array.from({ length: pairs }, (_, index): ParameterInfo[] => {
    const width = widths[index % widths.length]!
    return [
      { name: `layer${index}.down`, shape: [width, 2], group: 'unet' },
      { name: `layer${index}.up`, shape: [2, width], group: 'unet' },
    ]
  })
    .flat()
    .concat([{ name: 'text.bias', shape: [3], group: 'text-encoder' }])
}
