import { fullCaption } from '../../drawing/caption.ts'
import { diceOf } from '../../drawing/dice.ts'
import { coloursAt, objectsAt, type PictureFacts } from '../../drawing/facts.ts'
import { type ObjectName, objectKinds, objectNames } from '../../drawing/objects.ts'
import { placeNames, timeNames } from '../../drawing/scenery.ts'

/** What a model is asked to draw, and what the picture must show then. */
export interface ProbePrompt {
  readonly prompt: string
  readonly facts: PictureFacts
}

/**
 * Prompts of one object, `a <colour> <object> <place> <time>`. Objects and times go round, so that
 * all are asked for about as often as each other; colours and places are drawn from the seed.
 */
export function probePrompts(count: number, seed: number): readonly ProbePrompt[] {
  return Array.from({ length: count }, (_, index) => {
    const dice = diceOf(seed, 'prompt', index)
    const kind = objectNames[index % objectNames.length]!
    const time = timeNames[Math.floor(index / objectNames.length) % timeNames.length]!
    const place = isBoat(kind) ? 'sea' : dice.pick(placeNames)
    const colour = dice.pick(coloursAt(place))
    return promptOf({ objects: [{ kind, colour }], place, time, position: 'middle' })
  })
}

/** Prompts of two objects of two kinds and two colours, side by side. */
export function pairPrompts(count: number, seed: number): readonly ProbePrompt[] {
  return Array.from({ length: count }, (_, index) => {
    const dice = diceOf(seed, 'pair', index)
    const time = timeNames[index % timeNames.length]!
    const place = dice.pick(placeNames)
    const first = { kind: dice.pick(objectsAt(place)), colour: dice.pick(coloursAt(place)) }
    const second = {
      kind: dice.pick(objectsAt(place).filter((kind) => kind !== first.kind)),
      colour: dice.pick(coloursAt(place).filter((colour) => colour !== first.colour)),
    }
    return promptOf({ objects: [first, second], place, time, position: 'both' })
  })
}

function promptOf(facts: PictureFacts): ProbePrompt {
  return { prompt: fullCaption(facts), facts }
}

function isBoat(kind: ObjectName): boolean {
  return objectKinds[kind].stands === 'sea'
}
