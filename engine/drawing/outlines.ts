import { areaOf, type Layer } from './canvas.ts'
import { distanceOf } from './shape.ts'

/** How strong a line is at a distance from an edge, and how far off it ends, in pixels. */
export interface LineKind {
  readonly strength: (distance: number) => number
  readonly reach: number
}

/** A line of a pen, three pixels wide. */
export const penLine: LineKind = {
  strength: (distance) => Math.min(1, Math.max(0, 2 - Math.abs(distance))),
  reach: 2,
}

/** A glowing tube. */
export const glowLine: LineKind = {
  strength: (distance) => Math.exp(-Math.max(Math.abs(distance) - 1, 0) / 1.6),
  reach: 12,
}

/**
 * The outlines of all layers that have one, 0 to 1 for each pixel. What lies in front hides the
 * lines behind it.
 */
export function outlinesOf(layers: readonly Layer[], line: LineKind, size: number): Float32Array {
  const lines = new Float32Array(size * size)
  for (const { shape, outlined } of layers) {
    if (!outlined) continue
    const area = areaOf(shape, line.reach, size)
    const distance = distanceOf(shape)
    for (let y = area.top; y < area.bottom; y++) {
      for (let x = area.left; x < area.right; x++) {
        const d = distance(x + 0.5, y + 0.5)
        const kept = lines[y * size + x]! * Math.min(1, Math.max(0, d + 1.5))
        lines[y * size + x] = Math.max(kept, line.strength(d))
      }
    }
  }
  return lines
}
