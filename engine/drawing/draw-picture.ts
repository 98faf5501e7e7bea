import { type Canvas, newCanvas, paintLayer, paintRows } from './canvas.ts'
import { type CaptionWords, drawCaption } from './caption.ts'
import { alongStops } from './colours.ts'
import { diceOf } from './dice.ts'
import { drawFacts, mascotFacts, type PictureFacts } from './facts.ts'
import { halfImage } from './fixed-latent.ts'
import { groundLayers } from './ground.ts'
import { fullLayout, halfLayout, pictureSize } from './layout.ts'
import { objectLayers } from './object-layers.ts'
import { timesOfDay } from './scenery.ts'
import type { Box } from './shape.ts'
import { skyLayers } from './sky.ts'
import { type StyleName, styles } from './styles.ts'

/**
 * Flat postcards that are drawn, not kept: a sky at one of four times of day, one of four grounds,
 * one or two objects, each in one of eight colours, and a caption that says so. Picture `index` of
 * a seed is always the same. They train the demo model, and try out whatever reads a data set.
 */

/** Which set of pictures. */
export interface DrawOptions extends CaptionWords {
  readonly seed: number
  readonly style?: StyleName | undefined
  /** Shows the mascot in place of the objects. */
  readonly concept?: 'mascot' | undefined
  /** Half the size, and a layout that keeps to the grid of the latent at that size. */
  readonly half?: boolean
  /** Shows just this; only the sky and the ground are left to the seed. */
  readonly facts?: PictureFacts
}

/** A picture and all that is known of it. */
export interface DrawnPicture {
  /** Side in pixels: 128, or 64 for half the size. */
  readonly size: number
  /** `[3, size, size]`, 0 to 1, RGB. */
  readonly image: Float32Array
  readonly caption: string
  /** The pixels of each object, in the order of `facts.objects`. */
  readonly boxes: readonly Box[]
  readonly facts: PictureFacts
}

/** Draws picture `index` of a set. */
export function drawPicture(index: number, options: DrawOptions): DrawnPicture {
  const { dice, facts, caption } = planPicture(index, options)
  const layout = options.half ? halfLayout : fullLayout
  const horizon = dice.pick(layout.horizons)
  const air = dice.pick(layout.air)
  const columns = facts.position === 'both' ? (['left', 'right'] as const) : [facts.position]
  const objects = facts.objects.map((object, i) => {
    const column = layout.columns[columns[i] ?? 'middle']
    return objectLayers(object, { ...facts, column, air, layout })
  })
  const layers = [
    ...skyLayers(facts, horizon, layout, dice),
    ...groundLayers(facts, horizon, layout, dice),
    ...objects.flatMap(({ below }) => below),
    ...objects.flatMap((object) => object.layers),
  ]
  const canvas = newCanvas(pictureSize)
  const { sky } = timesOfDay[facts.time]
  paintRows(canvas, (y) => alongStops(sky, y / horizon))
  for (const layer of layers) paintLayer(canvas, layer)
  if (options.style) styles[options.style](canvas, layers)
  const boxes = objects.map(({ box }) => box)
  return { caption, facts, ...(options.half ? halved(canvas, boxes) : whole(canvas, boxes)) }
}

/** The caption of picture `index` of a set; nothing is painted. */
export function captionOf(index: number, options: DrawOptions): string {
  return planPicture(index, options).caption
}

function planPicture(index: number, options: DrawOptions) {
  const dice = diceOf(options.seed, 'picture', index)
  const drawn = options.concept === 'mascot' ? mascotFacts(index, dice) : drawFacts(index, dice)
  const facts = options.facts ?? drawn
  return { dice, facts, caption: drawCaption(facts, dice, options) }
}

function whole({ data, size }: Canvas, boxes: readonly Box[]) {
  return { image: data, size, boxes }
}

function halved({ data, size }: Canvas, boxes: readonly Box[]) {
  const half = ([x0, y0, x1, y1]: Box): Box => [x0 / 2, y0 / 2, x1 / 2, y1 / 2]
  return { image: halfImage(data, size), size: size / 2, boxes: boxes.map(half) }
}
