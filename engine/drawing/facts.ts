import { type ColourName, colourNames } from './colours.ts'
import type { Dice } from './dice.ts'
import { type ObjectName, objectKinds, objectNames } from './objects.ts'
import { type PlaceName, placeNames, places, type TimeName, timeNames } from './scenery.ts'

/** An object of a picture; the mascot has colours of its own. */
export type DrawnObject =
  | { readonly kind: ObjectName; readonly colour: ColourName }
  | { readonly kind: 'mascot' }

/** Where the objects stand: a single one in the middle or at a side, or two side by side. */
export type Position = 'middle' | 'left' | 'right' | 'both'

/** What a picture shows: all that a caption may say. */
export interface PictureFacts {
  /** One or two, the left one first. */
  readonly objects: readonly DrawnObject[]
  readonly place: PlaceName
  readonly time: TimeName
  readonly position: Position
}

/** How often a picture has two objects. */
const pairShare = 0.3
/** The middle is said to be meant where a caption names no side, so it is the most frequent. */
const positions: readonly Position[] = ['middle', 'middle', 'left', 'right']

/**
 * What picture `index` of a set shows. Place and time go round, so that any sixteen pictures in a
 * row hold every pair of them; the objects and colours are drawn.
 */
export function drawFacts(index: number, dice: Dice): PictureFacts {
  const scene = sceneAt(index)
  const first = drawObject(scene.place, undefined, dice)
  if (!dice.chance(pairShare)) {
    return { ...scene, objects: [first], position: dice.pick(positions) }
  }
  return {
    ...scene,
    objects: [first, drawObject(scene.place, first.kind, dice)],
    position: 'both',
  }
}

/** A picture of the mascot. */
export function mascotFacts(index: number, dice: Dice): PictureFacts {
  return { ...sceneAt(index), objects: [{ kind: 'mascot' }], position: dice.pick(positions) }
}

/** The objects that a place may have; boats come twice as often on their sea. */
export function objectsAt(place: PlaceName): readonly ObjectName[] {
  const { sea } = places[place]
  const boats = objectNames.filter((name) => objectKinds[name].stands === 'sea')
  return sea ? [...objectNames, ...boats] : objectNames.filter((name) => !boats.includes(name))
}

/** The colours that stand out in a place. */
export function coloursAt(place: PlaceName): readonly ColourName[] {
  const unfit: readonly ColourName[] = places[place].unfit
  return colourNames.filter((name) => !unfit.includes(name))
}

function sceneAt(index: number): { place: PlaceName; time: TimeName } {
  const [times, grounds] = [timeNames.length, placeNames.length]
  const time = timeNames[index % times]!
  return { time, place: placeNames[(index + Math.floor(index / times)) % grounds]! }
}

function drawObject(place: PlaceName, other: ObjectName | undefined, dice: Dice) {
  const kind = dice.pick(objectsAt(place).filter((name) => name !== other))
  return { kind, colour: dice.pick(coloursAt(place)) }
}
