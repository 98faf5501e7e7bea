import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { ParamInfo } from '../../../editor/state/types.ts'
import { keyedRegion, resizedRegion } from '../../../editor/widgets/crop/region.ts'
import {
  addedPoint,
  movedPoint,
  pointsOf,
  sampled,
  withoutPoint,
} from '../../../editor/widgets/curve.ts'
import { widgetHeight, widgetKind } from '../../../editor/widgets/kinds.ts'
import { nodes } from '../../../nodes/index.ts'

/** The params of all nodes as the catalogue gives them. */
const params = new Map(
  nodes.flatMap((node) => {
    const shapes = [node.params.shape, node.repeat?.params?.shape ?? {}]
    return shapes.flatMap((shape) =>
      Object.entries(shape).map(([name, schema]) => {
        const json = z.toJSONSchema(schema as z.ZodType, { io: 'input', unrepresentable: 'any' })
        const file = typeof json.file === 'string' ? { file: json.file } : {}
        const info: ParamInfo = { name, schema: json as ParamInfo['schema'], ...file }
        return [`${node.type}.${name}`, info] as const
      }),
    )
  }),
)

describe('the widget of a param', () => {
  it.each([
    ['sampler.seed', 'seed'],
    ['sampler.steps', 'number'],
    ['sampler.denoise', 'slider'],
    ['sampler.sampler', 'search'],
    ['sampler.noise', 'choice'],
    ['encode-prompt.text', 'prompt'],
    ['load-lora.file', 'file'],
    ['load-lora.allowUnmatched', 'switch'],
    ['blend-loras.blocks', 'weights'],
    ['lora-mixer.ratio', 'number'],
    ['caption-edit.find', 'text'],
    ['caption-edit.renameTags', 'json'],
    ['encode-prompt.embeddings', 'json'],
  ] as const)('of %s is %s', (name, kind) => {
    expect(widgetKind(params.get(name)!)).toBe(kind)
  })

  it('has an even height of whole rows for every param of every node', () => {
    for (const info of params.values()) {
      for (const value of [undefined, info.schema.default as never, [1, 2], 'a.png', { a: 'b' }]) {
        const height = widgetHeight(info, value)
        expect(height % 2).toBe(0)
        expect(height).toBeGreaterThanOrEqual(26)
      }
    }
  })
})

describe('a curve over steps', () => {
  const points = pointsOf([
    [1, 0],
    [0, 1],
    [0.5, 1],
  ])!

  it('is level up to a point and straight between two', () => {
    expect(sampled(points, 5)).toEqual([1, 1, 1, 0.5, 0])
    expect(sampled(points, 1)).toEqual([1])
  })

  it('keeps its points in order and its ends in place', () => {
    expect(movedPoint(points, 1, [7, 9], [0, 2])[1]).toEqual([0.99, 2])
    expect(movedPoint(points, 0, [0.4, 0.5], [0, 2])[0]).toEqual([0, 0.5])
    expect(addedPoint(points, 0.75)[2]).toEqual([0.75, 0.5])
    expect(withoutPoint(points, 1)).toHaveLength(2)
    expect(withoutPoint(points, 0)).toHaveLength(3)
  })

  it('is none where numbers are missing', () => {
    expect(pointsOf([[0, 'x']])).toBeUndefined()
    expect(pointsOf([])).toBeUndefined()
  })
})

describe('the part of a picture that is cut out', () => {
  const picture = { width: 640, height: 480 }
  const region = { left: 100, top: 100, width: 200, height: 200 }

  it('stays in the picture and never turns over', () => {
    expect(resizedRegion(region, { x: -1, y: 1 }, 900, 900, picture)).toEqual({
      ...{ left: 299, width: 1, top: 100, height: 380 },
    })
  })

  it('is moved by arrows and stretched by Shift and arrows', () => {
    const press = (key: string, shiftKey: boolean, ctrlKey = false) =>
      keyedRegion(region, { key, shiftKey, ctrlKey }, picture)
    expect(press('ArrowRight', false)).toEqual({ ...region, left: 108 })
    expect(press('ArrowDown', true, true)).toEqual({ ...region, height: 264 })
    expect(press('a', false)).toBeUndefined()
  })
})
