import type { Layer } from './canvas.ts'
import { hex, type Rgb } from './colours.ts'
import type { Dice } from './dice.ts'
import type { PictureFacts } from './facts.ts'
import { type Layout, pictureSize } from './layout.ts'
import { objectKinds } from './objects.ts'
import { type SkyThing, timesOfDay } from './scenery.ts'
import { box, circle, common, union } from './shape.ts'

/** What is in the sky of a picture, in drawing order. */
export function skyLayers(
  facts: PictureFacts,
  horizon: number,
  layout: Layout,
  dice: Dice,
): readonly Layer[] {
  const side = sunSide(facts, dice)
  const scene: Scene = { facts, horizon, layout, dice, side }
  const things: readonly SkyThing[] = timesOfDay[facts.time].things
  return things.flatMap((thing) => makers[thing](scene))
}

interface Scene {
  readonly facts: PictureFacts
  readonly horizon: number
  readonly layout: Layout
  readonly dice: Dice
  /** Where the sun or the moon is: away from what flies. */
  readonly side: 'left' | 'right'
}

const makers: Readonly<Record<SkyThing, (scene: Scene) => Layer[]>> = {
  'high sun': ({ layout, dice, side }) => {
    const [x, y] = [layout.sunSides[side], dice.pick(layout.sunRows)]
    const disc = circle(x, y, 11)
    return [
      { shape: disc, colour: hex('FFF8C8'), alpha: 0.6, glow: 10, outlined: false },
      { shape: disc, colour: hex('FFE15A'), outlined: true },
    ]
  },
  'low sun': ({ facts, horizon, dice }) => {
    const disc = circle(dice.pick(lowSunColumns[facts.position]), horizon - 8, 20)
    return [
      { shape: disc, colour: hex('FFE6A0'), alpha: 0.6, glow: 18, outlined: false },
      { shape: disc, colour: hex('FFF3BF'), outlined: true },
    ]
  },
  moon: ({ layout, dice, side }) => {
    const [x, y] = [layout.sunSides[side], dice.pick(layout.sunRows)]
    const disc = circle(x, y, 11)
    const craters = union(circle(x - 3.5, y + 2, 2.4), circle(x + 4, y - 3, 3))
    return [
      { shape: disc, colour: hex('B9C4F5'), alpha: 0.4, glow: 10, outlined: false },
      { shape: disc, colour: hex('F6F0D2'), outlined: true },
      { shape: craters, colour: hex('DED3A6'), outlined: false },
    ]
  },
  stars: ({ horizon, layout, dice }) => {
    const { cell } = layout
    const rows = Math.floor((horizon - 20) / cell)
    const middles = steps(0, rows - 1, cell).map((value) => value + cell / 2)
    const across = steps(0, pictureSize / cell - 1, cell).map((value) => value + cell / 2)
    return Array.from({ length: 11 }, () => ({
      shape: circle(dice.pick(across), dice.pick(middles), dice.between(1.2, 1.9)),
      colour: hex('FFFCEB'),
      soft: 0.7,
      outlined: false,
    }))
  },
  clouds: ({ layout, dice, side }) => {
    const { cell } = layout
    const away = side === 'left' ? [80, 96, 104] : [24, 32, 48]
    const columns = steps(2, pictureSize / cell - 2, cell)
    const places = [
      [snapped(dice.pick(away), cell), 16],
      [dice.pick(columns), snapped(dice.pick([32, 40, 48]), cell)],
    ] as const
    return places.map(([x, y]) => ({
      shape: cloud(x, y, 7),
      colour: [1, 1, 1] as Rgb,
      alpha: 0.9,
      outlined: true,
    }))
  },
}

/** The setting sun stands beside the objects, not behind them. */
const lowSunColumns: Readonly<Record<PictureFacts['position'], readonly number[]>> = {
  middle: [24, 104],
  left: [80, 96],
  right: [32, 48],
  both: [64],
}

function sunSide({ objects, position }: PictureFacts, dice: Dice): 'left' | 'right' {
  const side = dice.pick(['left', 'right'] as const)
  const flies = objects.map(({ kind }) => kind !== 'mascot' && objectKinds[kind].stands === 'air')
  if (position === 'left' || (position === 'both' && flies[0])) return flies[0] ? 'right' : side
  if (position === 'right') return flies[0] ? 'left' : side
  return position === 'both' && flies[1] ? 'left' : side
}

/** Three puffs with a flat lower edge. */
function cloud(x: number, y: number, r: number) {
  const puffs = union(
    circle(x - 1.3 * r, y + 0.25 * r, 0.8 * r),
    circle(x, y - 0.05 * r, 1.1 * r),
    circle(x + 1.35 * r, y + 0.2 * r, 0.85 * r),
  )
  return common(puffs, box(x - 4 * r, y - 4 * r, x + 4 * r, y + 0.85 * r))
}

function steps(from: number, until: number, cell: number): number[] {
  return Array.from({ length: until - from + 1 }, (_, i) => (from + i) * cell)
}

function snapped(value: number, cell: number): number {
  return Math.round(value / cell) * cell
}
