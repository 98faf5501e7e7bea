/**
 * Letters of 5 x 8 dots, so that text in pictures looks the same on every machine, fonts or none.
 * Each is eight rows from the top, a digit of base 32 each; the last row is for descenders.
 */
const rows: Readonly<Record<string, string>> = {
  ...{ ' ': '00000000', '!': '44440040', '"': 'aa000000', '#': 'aavavaa0', $: '4fke5u40' },
  ...{ '%': 'op248j30', '&': 'cik8lid0', "'": '44800000', '(': '24888420', ')': '84222480' },
  ...{ '*': '04lel400', '+': '044v4400', ',': '00000c48', '-': '000v0000', '.': '00000cc0' },
  ...{ '/': '01248g00', ':': '0cc0cc00', ';': '0cc0c480', '<': '248g8420', '=': '00v0v000' },
  ...{ '>': '84212480', '?': 'eh124040', '@': 'eh1dlle0', '[': 'e88888e0', ']': 'e22222e0' },
  ...{ _: '000000v0', '~': '008l2000' },
  ...{ 0: 'ehjlphe0', 1: '4c4444e0', 2: 'eh1248v0', 3: 'v2421he0', 4: '26aiv220' },
  ...{ 5: 'vgu11he0', 6: '68guhhe0', 7: 'v1248880', 8: 'ehhehhe0', 9: 'ehhf12c0' },
  ...{ A: 'ehhvhhh0', B: 'uhhuhhu0', C: 'ehggghe0', D: 'uhhhhhu0', E: 'vgguggv0' },
  ...{ F: 'vgguggg0', G: 'ehgnhhf0', H: 'hhhvhhh0', I: 'e44444e0', J: '72222ic0' },
  ...{ K: 'hikokih0', L: 'ggggggv0', M: 'hrllhhh0', N: 'hhpljhh0', O: 'ehhhhhe0' },
  ...{ P: 'uhhuggg0', Q: 'ehhhlid0', R: 'uhhukih0', S: 'fgge11u0', T: 'v4444440' },
  ...{ U: 'hhhhhhe0', V: 'hhhhha40', W: 'hhhllla0', X: 'hha4ahh0', Y: 'hhha4440' },
  ...{ Z: 'v1248gv0' },
  ...{ a: '00e1fhf0', b: 'ggmphhu0', c: '00egghe0', d: '11djhhf0', e: '00ehvge0' },
  ...{ f: '698s8880', g: '00fhhf1e', h: 'ggmphhh0', i: '40c444e0', j: '206222ic' },
  ...{ k: 'ggikoki0', l: 'c44444e0', m: '00qllhh0', n: '00mphhh0', o: '00ehhhe0' },
  ...{ p: '00uhhugg', q: '00djhf11', r: '00mpggg0', s: '00ege1u0', t: '88s88960' },
  ...{ u: '00hhhjd0', v: '00hhha40', w: '00hhlla0', x: '00ha4ah0', y: '00hhhf1e' },
  ...{ z: '00v248v0' },
}

/** Stands for a letter that there is no picture of. */
const unknown = 'vhhhhhv0'

/** Dots of a letter across and down. */
export const glyphWidth = 5
export const glyphHeight = 8

/** Whether the dot of a letter is set. */
export function hasDot(letter: string, x: number, y: number): boolean {
  const row = Number.parseInt((rows[letter] ?? unknown)[y]!, 32)
  return ((row >> (glyphWidth - 1 - x)) & 1) === 1
}
