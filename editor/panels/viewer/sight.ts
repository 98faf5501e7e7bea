/** How a picture lies in the viewer: moved by pixels from the middle, and how large. */
export interface Sight {
  readonly x: number
  readonly y: number
  readonly zoom: number
}

/** The whole picture. */
export const wholeSight: Sight = { x: 0, y: 0, zoom: 1 }

const most = 32

/** Zooms by a factor with the point `x`, `y` (from the middle of the stage) kept in its place. */
export function zoomAt(sight: Sight, factor: number, x = 0, y = 0): Sight {
  const zoom = Math.min(most, Math.max(1, sight.zoom * factor))
  if (zoom === 1) return wholeSight
  const change = zoom / sight.zoom
  return { zoom, x: x - (x - sight.x) * change, y: y - (y - sight.y) * change }
}

/** Moves the picture, as far as it is larger than the stage. */
export function movedBy(sight: Sight, x: number, y: number): Sight {
  return sight.zoom === 1 ? sight : { ...sight, x: sight.x + x, y: sight.y + y }
}
