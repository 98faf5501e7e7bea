import type { Box } from './metrics.ts'

export type Direction = 'ArrowLeft' | 'ArrowRight' | 'ArrowUp' | 'ArrowDown'

/** The box nearest to another in a direction: what lies straight ahead counts as nearer. */
export function nearest(
  boxes: Iterable<readonly [string, Box]>,
  from: Box,
  direction: Direction,
): string | undefined {
  const [start, horizontal] = [middleOf(from), /Left|Right/.test(direction)]
  const sign = /Right|Down/.test(direction) ? 1 : -1
  let best: string | undefined
  let least = Number.POSITIVE_INFINITY
  for (const [id, box] of boxes) {
    const { x, y } = middleOf(box)
    const ahead = sign * (horizontal ? x - start.x : y - start.y)
    const aside = Math.abs(horizontal ? y - start.y : x - start.x)
    if (ahead < 1 || aside > 2 * ahead + 200) continue
    const distance = ahead + 2 * aside
    if (distance >= least) continue
    least = distance
    best = id
  }
  return best
}

function middleOf({ x, y, width, height }: Box) {
  return { x: x + width / 2, y: y + height / 2 }
}
