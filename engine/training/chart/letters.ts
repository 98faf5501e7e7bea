/**
 * Letters as strokes, so that a chart has its numbers on machines without any font. A letter is a
 * list of strokes, a stroke a row of points, a point two digits: x from 0 to 4, y from 0 at the top
 * to 6 at the foot. There are capitals only.
 */
const strokes: Readonly<Record<string, string>> = {
  A: '062046 1434',
  B: '06003041423303 3344453606',
  C: '4130100105163645',
  D: '06003041453606',
  E: '40000646 0333',
  F: '400006 0333',
  G: '41301001051636454323',
  H: '0006 4046 0343',
  I: '1030 2026 1636',
  J: '4045361605',
  K: '0006 4003 0346',
  L: '000646',
  M: '0600234046',
  N: '06004640',
  O: '103041453616050110',
  P: '06003041423303',
  Q: '103041453616050110 3446',
  R: '06003041423303 2346',
  S: '413010010213334445361605',
  T: '0040 2026',
  U: '000516364540',
  V: '002640',
  W: '0016233640',
  X: '0046 4006',
  Y: '002340 2326',
  Z: '00400646',
  0: '103041453616050110 3115',
  1: '112026 1636',
  2: '01103041420646',
  3: '0110304142334445361605 1333',
  4: '300444 3036',
  5: '400003334445361605',
  6: '4130100105163645443303',
  7: '004016',
  8: '103041423313020110 3344453616050413',
  9: '4313020110304145361605',
  '.': '2526',
  ',': '2517',
  ':': '2122 2526',
  '-': '0343',
  '+': '0343 2125',
  '/': '0640',
  '%': '0640 0010110100 3545463635',
  '(': '30212536',
  ')': '10212516',
  '=': '0242 0444',
  _: '0646',
  ' ': '',
}

/** Stands for a letter that is not there. */
const unknownLetter = '0040460600'

/** From one letter to the next, in the unit of the points. */
const advance = 6

/** Where a text stands at its point: it begins, has its middle or ends there. */
export type Anchor = 'start' | 'middle' | 'end'

export interface Lettering {
  /** Height of a letter in pixels. */
  readonly size: number
  readonly anchor?: Anchor
  readonly colour: string
  /** Written from below to above. */
  readonly upwards?: boolean
}

/** Pixels that a text takes. */
export function textWidth(text: string, size: number): number {
  return ((text.length * advance - 2) * size) / 6
}

/** A text as an SVG path; its letters stand on `y`, or on `x` where it goes upwards. */
export function lettering(text: string, x: number, y: number, style: Lettering): string {
  const { size, anchor = 'start', colour, upwards = false } = style
  const unit = size / 6
  const shift = { start: 0, middle: 0.5, end: 1 }[anchor] * textWidth(text, size)
  const path = [...text.toUpperCase()].flatMap((letter, index) =>
    (strokes[letter] ?? unknownLetter)
      .split(' ')
      .filter((stroke) => stroke !== '')
      .map((stroke) => strokePath(stroke, index * advance)),
  )
  const turn = upwards ? ' rotate(-90)' : ''
  const place = `translate(${x} ${y})${turn} translate(${-shift} ${-size}) scale(${unit})`
  return (
    `<path d="${path.join('')}" transform="${place}" fill="none" stroke="${colour}" ` +
    'stroke-width="0.8" stroke-linecap="round" stroke-linejoin="round"/>'
  )
}

function strokePath(stroke: string, left: number): string {
  const points = stroke.match(/../g) ?? []
  return `M${points.map((point) => `${Number(point[0]) + left} ${point[1]}`).join('L')}`
}

/** Whether there are strokes for every letter of a text. */
export function canWrite(text: string): boolean {
  return [...text.toUpperCase()].every((letter) => Object.hasOwn(strokes, letter))
}
