import type { Box, Point } from './metrics.ts'

/** Ways to put items in line. */
export type Alignment =
  | 'left'
  | 'right'
  | 'top'
  | 'bottom'
  | 'centre'
  | 'middle'
  | 'across'
  | 'down'

type Boxes = ReadonlyMap<string, Box>

/** New places of the items; `across` and `down` give them equal gaps. Sizes stay. */
export function align(boxes: Boxes, how: Alignment): Map<string, Point> {
  if (boxes.size < 2) return new Map()
  return ways[how](boxes)
}

const ways: Readonly<Record<Alignment, (boxes: Boxes) => Map<string, Point>>> = {
  left: (boxes) => each(boxes, ({ y }) => ({ x: least(boxes, ({ x }) => x), y })),
  right: (boxes) =>
    each(boxes, ({ y, width }) => ({ x: most(boxes, (box) => box.x + box.width) - width, y })),
  top: (boxes) => each(boxes, ({ x }) => ({ x, y: least(boxes, ({ y }) => y) })),
  bottom: (boxes) =>
    each(boxes, ({ x, height }) => ({ x, y: most(boxes, (box) => box.y + box.height) - height })),
  centre: (boxes) => {
    const left = least(boxes, ({ x }) => x)
    const middle = (left + most(boxes, (box) => box.x + box.width)) / 2
    return each(boxes, ({ y, width }) => ({ x: Math.round(middle - width / 2), y }))
  },
  middle: (boxes) => {
    const top = least(boxes, ({ y }) => y)
    const middle = (top + most(boxes, (box) => box.y + box.height)) / 2
    return each(boxes, ({ x, height }) => ({ x, y: Math.round(middle - height / 2) }))
  },
  across: (boxes) => spread(boxes, 'x', 'width'),
  down: (boxes) => spread(boxes, 'y', 'height'),
}

/** Keeps the first and the last in place and gives the others the same gaps. */
function spread(boxes: Boxes, axis: 'x' | 'y', size: 'width' | 'height'): Map<string, Point> {
  const sorted = [...boxes].sort(([, a], [, b]) => a[axis] - b[axis])
  const start = sorted[0]![1][axis]
  const end = most(boxes, (box) => box[axis] + box[size])
  const taken = sorted.reduce((sum, [, box]) => sum + box[size], 0)
  const gap = (end - start - taken) / (sorted.length - 1)
  const result = new Map<string, Point>()
  let at = start
  for (const [id, box] of sorted) {
    result.set(id, { x: box.x, y: box.y, [axis]: Math.round(at) })
    at += box[size] + gap
  }
  return result
}

function each(boxes: Boxes, place: (box: Box) => Point): Map<string, Point> {
  return new Map([...boxes].map(([id, box]) => [id, place(box)]))
}

function least(boxes: Boxes, of: (box: Box) => number): number {
  return Math.min(...[...boxes.values()].map(of))
}

function most(boxes: Boxes, of: (box: Box) => number): number {
  return Math.max(...[...boxes.values()].map(of))
}
