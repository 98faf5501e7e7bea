import { describe, expect, it } from 'vitest'
import type { LoraModule } from '../../engine/lora/load.ts'
import type { Part } from '../../engine/lora/naming.ts'
import {
  partFromProgram,
  partToProgram,
  scaleShape,
  trainedModules,
} from '../../engine/training/adapters.ts'
import { liveModule, oneModule } from './trained-modules.ts'

type Shapes = Partial<Record<Part, readonly number[]>>

function trained(
  algorithm: LoraModule['algorithm'],
  weightShape: readonly number[],
  shapes: Shapes,
  alpha?: number,
) {
  const lora = oneModule('unet', 'mid.conv', algorithm, shapes, alpha)
  return trainedModules(lora, 'unet', new Map([['mid.conv', weightShape]]))[0]!
}

describe('factors as the program takes them', () => {
  it.each<[string, readonly number[], Shapes, Shapes]>([
    ['a linear layer', [6, 5], { down: [4, 5], up: [6, 4] }, { down: [5, 4], up: [4, 6] }],
    [
      'a convolution',
      [6, 5, 3, 3],
      { down: [4, 5, 3, 3], up: [6, 4, 1, 1] },
      { down: [4, 5, 3, 3], up: [6, 4, 1, 1] },
    ],
    [
      'a convolution of one by one, stored as linear',
      [6, 5, 1, 1],
      { down: [4, 5], up: [6, 4] },
      { down: [4, 5, 1, 1], up: [6, 4, 1, 1] },
    ],
    [
      'a linear layer, stored as a convolution of one by one',
      [6, 5],
      { down: [4, 5, 1, 1], up: [6, 4, 1, 1] },
      { down: [5, 4], up: [4, 6] },
    ],
  ])('of %s, and back', (_, weightShape, stored, wanted) => {
    const module = trained('lora', weightShape, stored, 2)
    expect(module.scale).toBe(0.5)
    for (const { part, name, shape } of module.parts) {
      const tensor = module.module.parts.get(part)!
      expect(name).toBe(`mid.conv.${part}`)
      expect(shape).toEqual(wanted[part])
      const data = partToProgram(module, part)
      expect(data).not.toBe(tensor.data)
      expect(partFromProgram(module, part, data)).toEqual(tensor)
      if (weightShape.length !== 2) continue
      const [rows, columns] = shape as [number, number]
      expect(data[columns + 1]).toBe(tensor.data[rows + 1])
    }
  })

  it('have a scale that is the same for every picture and place', () => {
    expect(scaleShape(liveModule('conv_in', [8, 4, 3, 3]))).toEqual([1, 4, 1, 1])
    expect(scaleShape(liveModule('mid_block.attentions.0.to_q', [8, 8]))).toEqual([1, 1, 4])
    expect(scaleShape(liveModule('time_embedding.linear_1', [8, 8]))).toEqual([1, 4])
  })
})

describe('the scale of a module', () => {
  it.each<[string, LoraModule['algorithm'], Shapes, number | undefined, number]>([
    ['alpha over rank', 'lora', { down: [4, 5], up: [6, 4] }, 1, 0.25],
    ['1 without alpha', 'lora', { down: [4, 5], up: [6, 4] }, undefined, 1],
    ['1 for two whole matrices', 'lokr', { lokr_w1: [2, 1], lokr_w2: [3, 5] }, 3, 1],
    [
      'alpha over the rank of the large side',
      'lokr',
      { lokr_w1: [2, 1], lokr_w2_a: [3, 2], lokr_w2_b: [2, 5] },
      3,
      1.5,
    ],
    [
      'alpha over the rank within DoRA',
      'dora',
      { down: [4, 5], up: [6, 4], dora_scale: [6, 1] },
      2,
      0.5,
    ],
  ])('is %s', (_, algorithm, shapes, alpha, scale) => {
    const module = trained(algorithm, [6, 5], shapes, alpha)
    expect(module.scale).toBe(scale)
    expect(new Set(module.parts.map(({ part }) => part))).toEqual(new Set(Object.keys(shapes)))
  })
})

describe('a module is refused where', () => {
  it.each<[string, LoraModule['algorithm'], Shapes, string]>([
    ['the algorithm cannot be trained', 'ia3', { weight: [6], on_input: [] }, 'ia3'],
    ['a bias is changed', 'full', { diff_b: [6] }, 'full'],
  ])('%s', (_, algorithm, shapes, name) => {
    const lora = oneModule('unet', 'mid.conv', algorithm, shapes)
    const layers = ['mid.conv', 'mid.conv.bias'].map((layer) => [layer, [6, 5]] as const)
    expect(() => trainedModules(lora, 'unet', new Map(layers))).toThrow(
      `is changed by ${name}, lora or loha or lokr or dora of a weight expected for training`,
    )
  })

  it('the model has no such layer', () => {
    const lora = oneModule('unet', 'mid.conv', 'lora', { down: [4, 5], up: [6, 4] })
    expect(() => trainedModules(lora, 'unet', new Map())).toThrow(
      'style: mid_conv is no layer of the model, one expected',
    )
    expect(trainedModules(lora, 'textEncoder', new Map())).toEqual([])
  })
})
