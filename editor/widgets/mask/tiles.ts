import type { MaskArea, MaskBitmap } from './bitmap.ts'

/** Undo of a mask by tiles: a step keeps only the squares that it changed. */

/** Side of a tile in pixels. */
export const tileSize = 64

type Tiles = Map<number, Uint8ClampedArray>

export interface MaskHistory {
  /** Keeps the tiles of an area before they are painted on; part of the step until `commit`. */
  touch(area: MaskArea): void
  /** Ends a step. False where nothing had changed. */
  commit(): boolean
  /** Gives the area that changed; undefined where there is nothing to take back. */
  undo(): MaskArea | undefined
  redo(): MaskArea | undefined
  readonly canUndo: boolean
  readonly canRedo: boolean
  /** Bytes that are kept. */
  readonly bytes: number
}

/** The history of one mask; above `maxBytes` the oldest steps go. */
export function maskHistory(mask: MaskBitmap, maxBytes = 64 * 2 ** 20): MaskHistory {
  const columns = Math.ceil(mask.width / tileSize)
  const done: Tiles[] = []
  let undone: Tiles[] = []
  let open: Tiles = new Map()

  function areaOf(tile: number): MaskArea {
    const left = (tile % columns) * tileSize
    const top = Math.floor(tile / columns) * tileSize
    const right = Math.min(mask.width, left + tileSize)
    return { left, top, right, bottom: Math.min(mask.height, top + tileSize) }
  }

  function copy(tile: number): Uint8ClampedArray {
    const { left, top, right, bottom } = areaOf(tile)
    const bytes = new Uint8ClampedArray((right - left) * (bottom - top))
    for (let y = top; y < bottom; y++) {
      const from = y * mask.width
      bytes.set(mask.data.subarray(from + left, from + right), (y - top) * (right - left))
    }
    return bytes
  }

  function put(tile: number, bytes: Uint8ClampedArray): void {
    const { left, top, right, bottom } = areaOf(tile)
    const width = right - left
    for (let y = top; y < bottom; y++) {
      const row = bytes.subarray((y - top) * width, (y - top + 1) * width)
      mask.data.set(row, y * mask.width + left)
    }
  }

  function swap(from: Tiles[], to: Tiles[]): MaskArea | undefined {
    const step = from.pop()
    if (!step) return undefined
    const other: Tiles = new Map()
    let area: MaskArea | undefined
    for (const [tile, bytes] of step) {
      other.set(tile, copy(tile))
      put(tile, bytes)
      area = joined(area, areaOf(tile))
    }
    to.push(other)
    return area
  }

  const size = () => [...done, ...undone].reduce((sum, tiles) => sum + bytesOf(tiles), 0)
  return {
    touch({ left, top, right, bottom }) {
      for (let y = Math.floor(top / tileSize); y * tileSize < bottom; y++) {
        for (let x = Math.floor(left / tileSize); x * tileSize < right; x++) {
          const tile = y * columns + x
          if (!open.has(tile)) open.set(tile, copy(tile))
        }
      }
    },
    commit() {
      const changed = [...open].filter(([tile, bytes]) => !same(bytes, copy(tile)))
      open = new Map()
      if (changed.length === 0) return false
      done.push(new Map(changed))
      undone = []
      while (done.length > 1 && size() > maxBytes) done.shift()
      return true
    },
    undo: () => swap(done, undone),
    redo: () => swap(undone, done),
    get canUndo() {
      return done.length > 0
    },
    get canRedo() {
      return undone.length > 0
    },
    get bytes() {
      return size()
    },
  }
}

function joined(a: MaskArea | undefined, b: MaskArea): MaskArea {
  if (!a) return b
  return {
    left: Math.min(a.left, b.left),
    top: Math.min(a.top, b.top),
    right: Math.max(a.right, b.right),
    bottom: Math.max(a.bottom, b.bottom),
  }
}

function bytesOf(tiles: Tiles): number {
  return [...tiles.values()].reduce((sum, { length }) => sum + length, 0)
}

function same(a: Uint8ClampedArray, b: Uint8ClampedArray): boolean {
  return a.every((byte, at) => byte === b[at])
}
