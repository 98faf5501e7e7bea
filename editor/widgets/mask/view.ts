/** Zoom and place of a picture in a box. */
export interface PictureView {
  /** Screen pixels a picture pixel. */
  readonly zoom: number
  /** Corner of the picture in the box. */
  readonly x: number
  readonly y: number
}

interface Size {
  readonly width: number
  readonly height: number
}

interface Point {
  readonly x: number
  readonly y: number
}

/** The whole picture, in the middle. */
export function fitView(picture: Size, box: Size): PictureView {
  const zoom = Math.min(box.width / picture.width, box.height / picture.height) || 1
  return {
    zoom,
    x: (box.width - picture.width * zoom) / 2,
    y: (box.height - picture.height * zoom) / 2,
  }
}

/** Nearer or farther, with what is under `at` staying there. */
export function zoomed(view: PictureView, at: Point, factor: number): PictureView {
  const zoom = Math.min(32, Math.max(0.05, view.zoom * factor))
  const change = zoom / view.zoom
  return { zoom, x: at.x - (at.x - view.x) * change, y: at.y - (at.y - view.y) * change }
}

/** Two fingers that moved: zoom by their distance, move by their middle. */
export function pinched(
  view: PictureView,
  before: readonly [Point, Point],
  after: readonly [Point, Point],
): PictureView {
  const length = ([a, b]: readonly [Point, Point]) => Math.hypot(a.x - b.x, a.y - b.y) || 1
  const middle = ([a, b]: readonly [Point, Point]) => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 })
  const [from, to] = [middle(before), middle(after)]
  const near = zoomed(view, from, length(after) / length(before))
  return { ...near, x: near.x + to.x - from.x, y: near.y + to.y - from.y }
}

/** A place of the box in picture pixels. */
export function toPicture({ zoom, x, y }: PictureView, at: Point): Point {
  return { x: (at.x - x) / zoom, y: (at.y - y) / zoom }
}
