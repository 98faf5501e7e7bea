import type { Dice } from './dice.ts'
import type { DrawnObject, PictureFacts } from './facts.ts'
import { places, timesOfDay } from './scenery.ts'

const openings = ['flat illustration', 'vector art', 'flat design']
/** How often a caption keeps silent about the place, and about the time. */
const silence = 0.08
/** How often a caption names the manner of the pictures. */
const mannerShare = 0.25

/** `a red house on the left on green hills by day`: everything that the picture shows. */
export function fullCaption(facts: PictureFacts): string {
  return [subject(facts), places[facts.place].caption, timesOfDay[facts.time].caption].join(' ')
}

/** What a set of pictures for a LoRA says in all its captions. */
export interface CaptionWords {
  /** The word for the mascot; `mascot` unless given. */
  readonly trigger?: string | undefined
  /** Follows every caption after a comma, as in `neon style`. */
  readonly suffix?: string | undefined
}

/** A caption as one writes them: now and then it leaves something out, or names the manner. */
export function drawCaption(facts: PictureFacts, dice: Dice, words: CaptionWords = {}): string {
  const place = dice.chance(silence) ? [] : [places[facts.place].caption]
  const time = dice.chance(silence) ? [] : [timesOfDay[facts.time].caption]
  const manner = dice.chance(mannerShare) ? `, ${dice.pick(openings)}` : ''
  const end = words.suffix ? `, ${words.suffix}` : ''
  return [subject(facts, words.trigger), ...place, ...time].join(' ') + manner + end
}

const sides = { middle: '', both: '', left: ' on the left', right: ' on the right' } as const

function subject({ objects, position }: PictureFacts, trigger?: string): string {
  return objects.map((object) => noun(object, trigger)).join(' and ') + sides[position]
}

function noun(object: DrawnObject, trigger = 'mascot'): string {
  const words = object.kind === 'mascot' ? trigger : `${object.colour} ${object.kind}`
  return `${/^[aeiou]/.test(words) ? 'an' : 'a'} ${words}`
}
