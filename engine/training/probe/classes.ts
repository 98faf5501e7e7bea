import { type ColourName, colourNames } from '../../drawing/colours.ts'
import type { DrawnObject } from '../../drawing/facts.ts'
import { type ObjectName, objectNames } from '../../drawing/objects.ts'
import { type PlaceName, placeNames, type TimeName, timeNames } from '../../drawing/scenery.ts'

/** What the probe may answer: four questions, one class of each. */
export interface Seen {
  readonly object: ObjectName | 'mascot'
  /** Of the mascot nobody asks. */
  readonly colour: ColourName
  readonly place: PlaceName
  readonly time: TimeName
}

/** A question to the probe. */
export type Question = keyof Seen

/** Classes of every question; the outputs of the network in this order. */
export const classes: { readonly [Q in Question]: readonly Seen[Q][] } = {
  object: [...objectNames, 'mascot'],
  colour: colourNames,
  place: placeNames,
  time: timeNames,
}

/** All questions, in the order of the outputs. */
export const questions = Object.keys(classes) as Question[]

/** Number of classes of each question, in that order. */
export const classCounts: readonly number[] = questions.map((question) => classes[question].length)

/** Number of outputs. */
export const outputCount = classCounts.reduce((sum, count) => sum + count, 0)

/** The right answers as a row of 0 and 1, and which outputs count. */
export function targetOf(
  object: DrawnObject,
  scene: { readonly place: PlaceName; readonly time: TimeName },
): { readonly target: Float32Array; readonly counted: Float32Array } {
  const right: Readonly<Record<Question, string | undefined>> = {
    object: object.kind,
    colour: object.kind === 'mascot' ? undefined : object.colour,
    place: scene.place,
    time: scene.time,
  }
  const rows = questions.map((question) => {
    const names: readonly string[] = classes[question]
    return names.map((name) =>
      right[question] === undefined ? [0, 0] : [+(name === right[question]), 1],
    )
  })
  const cells = rows.flat()
  return {
    target: Float32Array.from(cells, ([hit]) => hit!),
    counted: Float32Array.from(cells, ([, counts]) => counts!),
  }
}

/** The likeliest class of each question, of one row of outputs. */
export function answerOf(row: Float32Array): Seen {
  let start = 0
  const answers = questions.map((question) => {
    const names: readonly string[] = classes[question]
    const own = row.subarray(start, start + names.length)
    start += names.length
    return [question, names[own.indexOf(own.reduce((a, b) => Math.max(a, b), -Infinity))]]
  })
  return Object.fromEntries(answers) as Seen
}
