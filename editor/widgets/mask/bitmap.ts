/** A mask as bytes, 255 is painted again, and what a brush does to it. Plain arithmetic. */

export interface MaskBitmap {
  readonly width: number
  readonly height: number
  /** A byte a pixel, row by row. */
  readonly data: Uint8ClampedArray<ArrayBuffer>
}

/** A part of a mask in pixels. */
export interface MaskArea {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

export interface Brush {
  /** In pixels. */
  readonly radius: number
  /** 1 has a sharp edge, 0 falls off from the middle. */
  readonly hardness: number
  /** An eraser takes away. */
  readonly erase: boolean
}

export interface MaskPoint {
  readonly x: number
  readonly y: number
  /** 0 to 1, makes the brush smaller; a mouse has 0.5. */
  readonly pressure: number
}

/** An empty mask. */
export function emptyMask(width: number, height: number): MaskBitmap {
  return { width, height, data: new Uint8ClampedArray(width * height) }
}

/** The area of a stroke between two points, cut at the borders. */
export function strokeArea(mask: MaskBitmap, from: MaskPoint, to: MaskPoint, { radius }: Brush) {
  return cut(mask, {
    left: Math.floor(Math.min(from.x, to.x) - radius - 1),
    top: Math.floor(Math.min(from.y, to.y) - radius - 1),
    right: Math.ceil(Math.max(from.x, to.x) + radius + 1),
    bottom: Math.ceil(Math.max(from.y, to.y) + radius + 1),
  })
}

/**
 * Paints from one point to another. Each pixel gets the strongest touch, so that a soft stroke
 * does not grow dark where its stamps overlap.
 */
export function paintStroke(mask: MaskBitmap, from: MaskPoint, to: MaskPoint, brush: Brush): void {
  const { left, top, right, bottom } = strokeArea(mask, from, to, brush)
  const [dx, dy] = [to.x - from.x, to.y - from.y]
  const length = dx * dx + dy * dy
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      const [px, py] = [x + 0.5 - from.x, y + 0.5 - from.y]
      const along = length === 0 ? 0 : Math.min(1, Math.max(0, (px * dx + py * dy) / length))
      const pressure = from.pressure + (to.pressure - from.pressure) * along
      const radius = Math.max(0.5, brush.radius * radiusAt(pressure))
      const distance = Math.hypot(px - dx * along, py - dy * along)
      const touch = 255 * falloff(distance, radius, brush.hardness)
      if (touch <= 0) continue
      const at = y * mask.width + x
      const now = mask.data[at]!
      mask.data[at] = brush.erase ? Math.min(now, 255 - touch) : Math.max(now, touch)
    }
  }
}

/** Fills what an outline encloses, by the even-odd rule. */
export function paintOutline(
  mask: MaskBitmap,
  points: readonly Pick<MaskPoint, 'x' | 'y'>[],
  value: number,
): void {
  for (let y = 0; y < mask.height; y++) {
    const crossings: number[] = []
    points.forEach((from, index) => {
      const to = points[(index + 1) % points.length]!
      const middle = y + 0.5
      if (from.y <= middle === to.y <= middle) return
      crossings.push(from.x + ((middle - from.y) / (to.y - from.y)) * (to.x - from.x))
    })
    crossings.sort((a, b) => a - b)
    for (let pair = 0; pair + 1 < crossings.length; pair += 2) {
      const start = Math.max(0, Math.round(crossings[pair]!))
      const end = Math.min(mask.width, Math.round(crossings[pair + 1]!))
      if (end > start) mask.data.fill(value, y * mask.width + start, y * mask.width + end)
    }
  }
}

/** Turns every byte round. */
export function invertMask({ data }: MaskBitmap): void {
  for (let at = 0; at < data.length; at++) data[at] = 255 - data[at]!
}

/** Softens edges over about `radius` pixels: two running means, along rows and columns. */
export function featherMask(mask: MaskBitmap, radius: number): void {
  const { width, height, data } = mask
  const reach = Math.max(0, Math.round(radius / 2))
  if (reach === 0) return
  for (let round = 0; round < 2; round++) {
    for (let y = 0; y < height; y++) meanAlong(data, y * width, 1, width, reach)
    for (let x = 0; x < width; x++) meanAlong(data, x, width, height, reach)
  }
}

/** The whole mask as an area. */
export function wholeArea({ width, height }: MaskBitmap): MaskArea {
  return { left: 0, top: 0, right: width, bottom: height }
}

function cut({ width, height }: MaskBitmap, area: MaskArea): MaskArea {
  return {
    left: Math.max(0, area.left),
    top: Math.max(0, area.top),
    right: Math.min(width, area.right),
    bottom: Math.min(height, area.bottom),
  }
}

function radiusAt(pressure: number): number {
  return Math.min(1, 0.25 + 1.5 * pressure)
}

function falloff(distance: number, radius: number, hardness: number): number {
  const solid = radius * hardness
  if (distance <= solid - 0.5) return 1
  const soft = Math.max(1, radius - solid)
  const part = Math.min(1, Math.max(0, (distance - solid + 0.5) / soft))
  return 1 - part * part * (3 - 2 * part)
}

/** Running mean of `count` bytes that stand `stride` apart; the border counts as going on. */
function meanAlong(
  data: Uint8ClampedArray,
  start: number,
  stride: number,
  count: number,
  reach: number,
): void {
  const line = new Uint8ClampedArray(count)
  for (let at = 0; at < count; at++) line[at] = data[start + at * stride]!
  const get = (at: number) => line[Math.min(count - 1, Math.max(0, at))]!
  let sum = 0
  for (let at = -reach; at <= reach; at++) sum += get(at)
  for (let at = 0; at < count; at++) {
    data[start + at * stride] = sum / (2 * reach + 1)
    sum += get(at + reach + 1) - get(at - reach)
  }
}
