/** The part of a picture that is cut out, in its pixels. */
export interface Region {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

interface Size {
  readonly width: number
  readonly height: number
}

/** Edges that a handle moves: -1 the left or top one, 1 the right or bottom one, 0 none. */
export interface Grip {
  readonly x: -1 | 0 | 1
  readonly y: -1 | 0 | 1
}

/** The corners and edges that can be dragged. */
export const grips: readonly Grip[] = ([-1, 0, 1] as const)
  .flatMap((y) => ([-1, 0, 1] as const).map((x) => ({ x, y })))
  .filter(({ x, y }) => x !== 0 || y !== 0)

/** A region inside the picture, at least a pixel each way, in whole pixels. */
export function fittedRegion(region: Region, picture: Size): Region {
  const width = clamp(Math.round(region.width), 1, picture.width)
  const height = clamp(Math.round(region.height), 1, picture.height)
  return {
    left: clamp(Math.round(region.left), 0, picture.width - width),
    top: clamp(Math.round(region.top), 0, picture.height - height),
    width,
    height,
  }
}

/** Moved by so many pixels, within the picture. */
export function movedRegion(region: Region, dx: number, dy: number, picture: Size): Region {
  return fittedRegion({ ...region, left: region.left + dx, top: region.top + dy }, picture)
}

/** One edge or corner moved; the others stay, and the region never turns over. */
export function resizedRegion(
  region: Region,
  { x, y }: Grip,
  dx: number,
  dy: number,
  picture: Size,
): Region {
  const across = stretched(region.left, region.width, x, dx, picture.width)
  const down = stretched(region.top, region.height, y, dy, picture.height)
  return { left: across.start, width: across.length, top: down.start, height: down.length }
}

/** The region after a key: arrows move, with Shift they change the size; Ctrl by 64 pixels. */
export function keyedRegion(
  region: Region,
  event: { readonly key: string; readonly shiftKey: boolean; readonly ctrlKey: boolean },
  picture: Size,
): Region | undefined {
  const step = event.ctrlKey ? 64 : 8
  const ways: Readonly<Record<string, readonly [number, number]>> = {
    ArrowLeft: [-step, 0],
    ArrowRight: [step, 0],
    ArrowUp: [0, -step],
    ArrowDown: [0, step],
  }
  const way = ways[event.key]
  if (!way) return undefined
  const [dx, dy] = way
  if (event.shiftKey) return resizedRegion(region, { x: 1, y: 1 }, dx, dy, picture)
  return movedRegion(region, dx, dy, picture)
}

function stretched(start: number, length: number, edge: number, way: number, limit: number) {
  const end = start + length
  if (edge < 0) {
    const moved = clamp(Math.round(start + way), 0, end - 1)
    return { start: moved, length: end - moved }
  }
  if (edge > 0) return { start, length: clamp(Math.round(length + way), 1, limit - start) }
  return { start, length }
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, value))
}
