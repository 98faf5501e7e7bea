import { type ColourName, hex, type Rgb } from './colours.ts'

/** The times of day and the places: what they look like, and how a caption names them. */

/** What may be seen in a sky. */
export type SkyThing = 'high sun' | 'low sun' | 'moon' | 'stars' | 'clouds'

/** A time of day. */
export interface TimeOfDay {
  readonly caption: string
  /** Colours of the sky from the top down to the horizon. */
  readonly sky: readonly [Rgb, Rgb, Rgb]
  /** What is in the sky, in drawing order. */
  readonly things: readonly SkyThing[]
  /** What the colours of the ground are multiplied by. */
  readonly groundTint: Rgb
  /** What the colours of objects are multiplied by. */
  readonly objectTint: Rgb
  /** A window: lit, or showing the sky. */
  readonly window: Rgb
}

const lit = hex('FFE38A')
const glass = hex('BFE6F7')

/** The times of day. */
export const timesOfDay = {
  day: {
    caption: 'by day',
    sky: [hex('4FB0EE'), hex('9AD7F7'), hex('E2F5FB')],
    things: ['high sun', 'clouds'],
    groundTint: [1, 1, 1],
    objectTint: [1, 1, 1],
    window: glass,
  },
  sunset: {
    caption: 'at sunset',
    sky: [hex('5E3F96'), hex('F0785C'), hex('FFD27A')],
    things: ['low sun'],
    groundTint: [1, 0.8, 0.76],
    objectTint: [1, 0.92, 0.88],
    window: lit,
  },
  night: {
    caption: 'at night',
    sky: [hex('0B1238'), hex('1C2A66'), hex('3B4E95')],
    things: ['stars', 'moon'],
    groundTint: [0.42, 0.5, 0.78],
    objectTint: [0.88, 0.9, 1],
    window: lit,
  },
  dawn: {
    caption: 'at dawn',
    sky: [hex('A9B6F0'), hex('F9C6D3'), hex('FFF0D6')],
    things: ['clouds'],
    groundTint: [0.97, 0.91, 0.95],
    objectTint: [1, 0.96, 0.97],
    window: glass,
  },
} as const satisfies Record<string, TimeOfDay>

/** A kind of ground. */
export interface Place {
  readonly caption: string
  /** Two layers of land, far and near; of the sea, the horizon and the lower edge. */
  readonly colours: readonly [Rgb, Rgb]
  readonly sea: boolean
  /** Colours of which no object here is: they would not stand out. */
  readonly unfit: readonly ColourName[]
}

/** The places. */
export const places = {
  hills: {
    caption: 'on green hills',
    colours: [hex('86CB7C'), hex('4FA95B')],
    sea: false,
    unfit: [],
  },
  snow: {
    caption: 'in the snow',
    colours: [hex('CFE0F2'), hex('F2F8FD')],
    sea: false,
    unfit: ['white'],
  },
  desert: {
    caption: 'in the desert',
    colours: [hex('EBC283'), hex('D99C58')],
    sea: false,
    unfit: [],
  },
  sea: {
    caption: 'on the sea',
    colours: [hex('3C95D4'), hex('1D639F')],
    sea: true,
    unfit: [],
  },
} as const satisfies Record<string, Place>

/** A time of day of the captions. */
export type TimeName = keyof typeof timesOfDay
/** All of them, in the order of the table. */
export const timeNames = Object.keys(timesOfDay) as TimeName[]
/** A place of the captions. */
export type PlaceName = keyof typeof places
/** All of them, in the order of the table. */
export const placeNames = Object.keys(places) as PlaceName[]
