import { type Box, overlaps } from './metrics.ts'

const cell = 600

/** Which boxes lie in a rectangle, without looking at all of them. */
export interface Grid {
  set(id: string, box: Box): void
  delete(id: string): void
  clear(): void
  /** Ids of boxes that share a point with the rectangle. */
  in(area: Box): Set<string>
}

/** An empty index of square cells. */
export function createGrid(): Grid {
  const cells = new Map<string, Set<string>>()
  const boxes = new Map<string, Box>()

  function* keys({ x, y, width, height }: Box): Generator<string> {
    const right = Math.floor((x + width) / cell)
    const bottom = Math.floor((y + height) / cell)
    for (let row = Math.floor(y / cell); row <= bottom; row++) {
      for (let column = Math.floor(x / cell); column <= right; column++) yield `${column} ${row}`
    }
  }

  function remove(id: string): void {
    const box = boxes.get(id)
    if (!box) return
    for (const key of keys(box)) cells.get(key)?.delete(id)
    boxes.delete(id)
  }

  return {
    set(id, box) {
      remove(id)
      boxes.set(id, box)
      for (const key of keys(box)) {
        const found = cells.get(key)
        if (found) found.add(id)
        else cells.set(key, new Set([id]))
      }
    },
    delete: remove,
    clear() {
      cells.clear()
      boxes.clear()
    },
    in(area) {
      const found = new Set<string>()
      // Far out there are more cells than boxes.
      if ((area.width / cell) * (area.height / cell) > boxes.size) {
        for (const [id, box] of boxes) if (overlaps(box, area)) found.add(id)
        return found
      }
      for (const key of keys(area)) {
        for (const id of cells.get(key) ?? []) {
          if (overlaps(boxes.get(id)!, area)) found.add(id)
        }
      }
      return found
    },
  }
}
