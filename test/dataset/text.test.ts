import { describe, expect, it } from 'vitest'
import { decodeText } from '../../engine/dataset/text.ts'

const utf8 = new TextEncoder()

describe('the text of a caption file', () => {
  it.each<[string, Uint8Array]>([
    ['UTF-8', utf8.encode('猫, ein Kätzchen')],
    ['UTF-8 with its mark', Uint8Array.of(0xef, 0xbb, 0xbf, ...utf8.encode('猫, ein Kätzchen'))],
    ['UTF-16 LE with its mark', utf16('\ufeff猫, ein Kätzchen', true)],
    ['UTF-16 BE with its mark', utf16('\ufeff猫, ein Kätzchen', false)],
  ])('is read as %s', (_, bytes) => {
    expect(decodeText('a.txt', bytes)).toBe('猫, ein Kätzchen')
  })

  it('has line ends of any system', () => {
    expect(decodeText('a.txt', utf8.encode('a\r\nb\rc\n'))).toBe('a\nb\nc\n')
  })

  it.each<[string, Uint8Array, string]>([
    [
      'Latin-1',
      Uint8Array.of(0x4b, 0xe4, 0x74, 0x7a),
      'a.txt: byte 1 is 0xE4, UTF-8 expected; save the file as UTF-8',
    ],
    [
      'Shift-JIS',
      Uint8Array.of(0x61, 0x2c, 0x20, 0x94, 0x4c),
      'a.txt: byte 3 is 0x94, UTF-8 expected; save the file as UTF-8',
    ],
    [
      'UTF-8 that is cut off',
      utf8.encode('cat 猫').subarray(0, 6),
      'a.txt: byte 4 is 0xE7, UTF-8 expected; save the file as UTF-8',
    ],
    [
      'a wrong byte after the mark',
      Uint8Array.of(0xef, 0xbb, 0xbf, 0x61, 0xff),
      'a.txt: byte 4 is 0xFF, UTF-8 expected; save the file as UTF-8',
    ],
    [
      'UTF-16 without its mark',
      utf16('cat', true),
      'a.txt: byte 1 is zero, text in UTF-8 expected; save it as UTF-8',
    ],
    [
      'half a character of UTF-16',
      utf16('\ufeffcat', true).subarray(0, 7),
      'a.txt: this is no whole UTF-16LE, text expected',
    ],
  ])('is refused as %s, and the byte named', (_, bytes, message) => {
    expect(() => decodeText('a.txt', bytes)).toThrow(message)
  })
})

function utf16(text: string, isLittle: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(2 * text.length))
  for (let i = 0; i < text.length; i++) view.setUint16(2 * i, text.charCodeAt(i), isLittle)
  return new Uint8Array(view.buffer)
}
