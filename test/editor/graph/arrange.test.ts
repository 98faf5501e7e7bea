import { describe, expect, it } from 'vitest'
import { type Alignment, align } from '../../../editor/graph/align.ts'
import { arrange } from '../../../editor/graph/arrange.ts'

const size = { width: 240, height: 100 }
const sizes = (...ids: string[]) => new Map(ids.map((id) => [id, size]))
const link = (text: string) => {
  const [from, to] = text.split(' ') as [string, string]
  return { from, to }
}

describe('auto-arrange', () => {
  it('puts each node right of all that it takes values of', () => {
    const links = ['a b', 'b c', 'a c', 'd c', 'c e'].map(link)
    const places = arrange({ sizes: sizes('e', 'c', 'b', 'a', 'd'), links })
    for (const { from, to } of links) {
      expect(places.get(to)!.x).toBeGreaterThanOrEqual(places.get(from)!.x + size.width)
    }
  })

  it('lets no two nodes overlap', () => {
    const ids = Array.from({ length: 60 }, (_, index) => `n${index}`)
    const links = ids.slice(1).map((to, index) => ({ from: `n${Math.floor(index / 3)}`, to }))
    const places = [...arrange({ sizes: sizes(...ids), links }).values()]
    const hits = places.flatMap((a, index) =>
      places
        .slice(index + 1)
        .filter((b) => Math.abs(a.x - b.x) < size.width && Math.abs(a.y - b.y) < size.height),
    )
    expect(hits).toEqual([])
  })

  it('uncrosses links where it can', () => {
    const links = ['a x', 'b y', 'c z'].map(link)
    const places = arrange({ sizes: sizes('a', 'b', 'c', 'z', 'y', 'x'), links })
    const order = (ids: string[]) => ids.toSorted((p, q) => places.get(p)!.y - places.get(q)!.y)
    const left = order(['a', 'b', 'c'])
    const right = order(['x', 'y', 'z'])
    const follows = { a: 'x', b: 'y', c: 'z' } as Record<string, string>
    expect(right).toEqual(left.map((id) => follows[id]))
  })

  it('ends on a circle, and takes links from nowhere as none', () => {
    const links = ['a b', 'b a', 'a a', 'gone b'].map(link)
    expect([...arrange({ sizes: sizes('a', 'b'), links }).keys()].sort()).toEqual(['a', 'b'])
  })

  it('places a thousand nodes in well under a second', () => {
    const ids = Array.from({ length: 1000 }, (_, index) => `n${index}`)
    const links = ids.slice(1).map((to, index) => ({ from: `n${index >> 1}`, to }))
    const start = performance.now()
    arrange({ sizes: sizes(...ids), links })
    expect(performance.now() - start).toBeLessThan(1000)
  })
})

describe('alignment', () => {
  const boxes = new Map([
    ['a', { x: 0, y: 0, width: 100, height: 50 }],
    ['b', { x: 30, y: 100, width: 200, height: 50 }],
    ['c', { x: 500, y: 90, width: 100, height: 80 }],
  ])
  const xs = (how: Alignment) => [...align(boxes, how).values()].map(({ x }) => x)
  const ys = (how: Alignment) => [...align(boxes, how).values()].map(({ y }) => y)

  it.each([
    ['left', [0, 0, 0]],
    ['right', [500, 400, 500]],
    ['centre', [250, 200, 250]],
  ] as const)('to %s moves only across', (how, expected) => {
    expect(xs(how)).toEqual(expected)
    expect(ys(how)).toEqual([0, 100, 90])
  })

  it.each([
    ['top', [0, 0, 0]],
    ['bottom', [120, 120, 90]],
    ['middle', [60, 60, 45]],
  ] as const)('to %s moves only down', (how, expected) => {
    expect(ys(how)).toEqual(expected)
    expect(xs(how)).toEqual([0, 30, 500])
  })

  it('across gives equal gaps between the outer two', () => {
    const places = align(boxes, 'across')
    expect([places.get('a')!.x, places.get('b')!.x, places.get('c')!.x]).toEqual([0, 200, 500])
  })

  it('of a single item changes nothing', () => {
    expect(align(new Map([...boxes].slice(0, 1)), 'left').size).toBe(0)
  })
})
