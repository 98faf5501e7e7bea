import type { Layer } from './canvas.ts'
import { hex, mixed, objectColours, type Rgb, scaled, tinted } from './colours.ts'
import type { DrawnObject } from './facts.ts'
import { type Layout, objectSize } from './layout.ts'
import { mascot, type ObjectKind, objectKinds, type Part, type Tone } from './objects.ts'
import { type PlaceName, places, type TimeName, timesOfDay } from './scenery.ts'
import { type Box, boundsOf, box, boxAround, ellipse, placed } from './shape.ts'

/** The layers of one object, and the pixels that it takes. */
export interface PlacedObject {
  /** What lies on the ground under it. */
  readonly below: readonly Layer[]
  readonly layers: readonly Layer[]
  readonly box: Box
}

/** Where and in which light an object stands. */
export interface Standing {
  /** Its middle, and the lowest row of one that flies. */
  readonly column: number
  readonly air: number
  readonly layout: Layout
  readonly place: PlaceName
  readonly time: TimeName
}

const usualShade = 0.35

/** Draws up one object, with what lies below it: its shadow, sand in the sea, a boat's wake. */
export function objectLayers(object: DrawnObject, standing: Standing): PlacedObject {
  const kind: ObjectKind = object.kind === 'mascot' ? mascot : objectKinds[object.kind]
  const { column, layout, air } = standing
  const base = kind.stands === 'air' ? air : layout.ground
  const paint = painter(object, standing.time)
  const middle = base - objectSize
  const parts = kind.parts.map((part) => {
    const shape = placed(part.shape, column, middle, objectSize)
    return { part, shape }
  })
  const whole = boxAround(parts.map(({ shape }) => boundsOf(shape)))
  const layers = parts.map(
    ({ part, shape }): Layer => ({
      shape,
      colour: paint(part),
      shade: { strength: part.shade ?? usualShade, box: whole },
      outlined: true,
    }),
  )
  const below = kind.stands === 'ground' ? footing(column, base, standing) : []
  const front = kind.stands === 'sea' ? [wake(column, base, standing)] : []
  return { below, layers: [...layers, ...front], box: whole }
}

/** A contact shadow, and on the sea an island of sand below it. */
function footing(column: number, base: number, { place, time }: Standing): Layer[] {
  const sand: Layer = {
    shape: ellipse(column, base + 1, 1.15 * objectSize, 0.32 * objectSize),
    colour: tinted(hex('F0D79A'), timesOfDay[time].groundTint),
    outlined: true,
  }
  const shadow: Layer = {
    shape: ellipse(column + 0.1 * objectSize, base, 0.9 * objectSize, 0.15 * objectSize),
    colour: [0.05, 0.05, 0.15],
    alpha: 0.24,
    soft: 2.5,
    outlined: false,
  }
  return places[place].sea ? [sand, shadow] : [shadow]
}

function wake(column: number, base: number, { place, time }: Standing): Layer {
  const sea = tinted(places[place].colours[0], timesOfDay[time].groundTint)
  return {
    shape: box(column - 28, base - 3, column + 28, base + 3, 3),
    colour: mixed(sea, [1, 1, 1], 0.3),
    outlined: false,
  }
}

/** The colour of each part of an object in the light of a time of day. */
function painter(object: DrawnObject, time: TimeName): (part: Part) => Rgb {
  const { objectTint, window } = timesOfDay[time]
  const name = object.kind === 'mascot' ? undefined : object.colour
  const own = tinted(name ? objectColours[name] : [1, 1, 1], objectTint)
  const tones: Readonly<Record<Exclude<Tone, `#${string}`>, Rgb>> = {
    main: own,
    deep: scaled(own, 0.82),
    dark: scaled(own, 0.62),
    light: mixed(own, [1, 1, 1], 0.28),
    window,
  }
  return ({ tone, toneOn }) => {
    const wanted = (name && toneOn?.[name]) ?? tone
    if (wanted.startsWith('#')) return tinted(hex(wanted.slice(1)), objectTint)
    return tones[wanted as keyof typeof tones]
  }
}
