import type { Layer } from './canvas.ts'
import { type Rgb, scaled, tinted } from './colours.ts'
import type { Dice } from './dice.ts'
import type { PictureFacts } from './facts.ts'
import { type Layout, pictureSize } from './layout.ts'
import { places, timesOfDay } from './scenery.ts'
import { box } from './shape.ts'

/** The ground of a picture, in drawing order: two waves of land, or the sea with its crests. */
export function groundLayers(
  facts: PictureFacts,
  horizon: number,
  layout: Layout,
  dice: Dice,
): readonly Layer[] {
  const { colours, sea } = places[facts.place]
  const tint = timesOfDay[facts.time].groundTint
  const [far, near] = [tinted(colours[0], tint), tinted(colours[1], tint)]
  if (sea) return [water(far, near, horizon), ...crests(far, layout, dice)]
  return [land(far, horizon, 8, dice), land(near, horizon + 16, 5, dice)]
}

function land(colour: Rgb, base: number, height: number, dice: Dice): Layer {
  const wave = { frequency: dice.between(0.03, 0.06), phase: dice.between(0, 2 * Math.PI) }
  return {
    shape: { kind: 'ridge', ridge: { base, height: 0.7 * height, ...wave } },
    colour: scaled(colour, 1.08),
    fade: { to: scaled(colour, 0.86), from: base - height, until: base - height + 40 },
    outlined: true,
  }
}

function water(far: Rgb, near: Rgb, horizon: number): Layer {
  return {
    shape: box(-16, horizon, pictureSize + 16, pictureSize + 16),
    colour: far,
    fade: { to: near, from: horizon, until: pictureSize },
    outlined: true,
  }
}

/** Light dashes, each in a row of cells of its own. */
function crests(far: Rgb, { cell }: Layout, dice: Dice): Layer[] {
  const columns = Array.from({ length: pictureSize / cell - 1 }, (_, i) => (i + 1) * cell)
  return [92, 100, 108, 116, 124].map((row) => {
    const [x, half] = [dice.pick(columns), dice.pick([8, 12])]
    const colour = far.map((value) => Math.min(1, 1.3 * value + 0.06)) as [number, number, number]
    return {
      shape: box(x - half, row - 1.4, x + half, row + 1.4, 1.4),
      colour,
      alpha: 0.85,
      outlined: false,
    }
  })
}
