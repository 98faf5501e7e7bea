import { describe, expect, it } from 'vitest'
import type { Shape } from '../../engine/onnx/dims.ts'
import { bindShapes } from '../../engine/runtime/bind-shapes.ts'

type Shapes = Record<string, number[]>

function check(inputs: Record<string, Shape>, shapes: Shapes): void {
  const values = Object.entries(inputs).map(
    ([name, shape]) => ({ name, type: 'float32', shape }) as const,
  )
  bindShapes('unet', values, shapes)
}

const sample = { sample: ['batch', 4, 'height', 'width'], context: ['batch', 'words', 8] }
const scaled = {
  x: ['batch', 'tokens', 8],
  scale: ['1|batch', '1|tokens', 'rank'],
  up: ['rank', 8],
}

describe('fed shapes fit where', () => {
  it.each<[string, Record<string, Shape>, Shapes]>([
    ['symbols agree', sample, { sample: [2, 4, 8, 9], context: [2, 77, 8] }],
    ['more is fed than is declared', { x: ['n'] }, { x: [1], y: [2] }],
    ['an optional axis is 1', scaled, { x: [2, 5, 8], scale: [1, 1, 3], up: [3, 8] }],
    ['an optional axis is full', scaled, { x: [2, 5, 8], scale: [2, 5, 3], up: [3, 8] }],
    ['a computed size may be anything', { x: ['n', '1|height*width'] }, { x: [1, 64] }],
  ])('%s', (_, inputs, shapes) => {
    expect(() => check(inputs, shapes)).not.toThrow()
  })
})

describe('fed shapes are refused where', () => {
  it.each<[string, Record<string, Shape>, Shapes, string]>([
    [
      'an input is absent',
      sample,
      { sample: [1, 4, 8, 8] },
      'unet: input context is absent, expected a tensor',
    ],
    [
      'a fixed size differs',
      sample,
      { sample: [1, 9, 8, 8], context: [1, 77, 8] },
      'unet: sample has shape [1, 9, 8, 8], expected [batch, 4, height, width]',
    ],
    [
      'an axis is missing',
      sample,
      { sample: [4, 8, 8], context: [1, 77, 8] },
      'unet: sample has shape [4, 8, 8], expected [batch, 4, height, width]',
    ],
    [
      'a symbol has two sizes',
      sample,
      { sample: [2, 4, 8, 8], context: [1, 77, 8] },
      'unet: context has shape [1, 77, 8], expected [batch, words, 8] with batch 2',
    ],
    [
      'an optional axis is neither 1 nor full',
      scaled,
      { x: [4, 5, 8], scale: [2, 1, 3], up: [3, 8] },
      'unet: scale has shape [2, 1, 3], expected [1|batch, 1|tokens, rank]',
    ],
    [
      'the optional axis comes first',
      { scale: ['1|n'], x: ['n'] },
      { scale: [3], x: [2] },
      'unet: scale has shape [3], expected [1|n]',
    ],
    [
      'a size is 0',
      scaled,
      { x: [2, 5, 8], scale: [1, 1, 0], up: [0, 8] },
      'unet: scale has shape [1, 1, 0], expected [1|batch, 1|tokens, rank] with sizes of 1 and more',
    ],
  ])('%s', (_, inputs, shapes, message) => {
    expect(() => check(inputs, shapes)).toThrow(message)
  })
})
