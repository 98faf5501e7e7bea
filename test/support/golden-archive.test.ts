import { expect, test } from 'vitest'
import { type Dtype, encodeSafetensors } from '../../engine/formats/safetensors.ts'
import { noise } from '../lora/tiny.ts'
import { packArchive, unpackArchive } from './golden-archive.ts'

test.each([
  [
    'weights of several sizes',
    safetensors([
      ['F16', 9, 2],
      ['F32', 7, 4],
      ['I64', 5, 8],
    ]),
  ],
  [
    'weights of no and of one number',
    safetensors([
      ['F32', 0, 4],
      ['F32', 1, 4],
      ['U8', 3, 1],
    ]),
  ],
  ['a weights file that ends too soon', safetensors([['F32', 9, 4]]).subarray(0, -5)],
  ['a weights file that is none', Buffer.from('not a header')],
  ['an empty file', Buffer.alloc(0)],
])('an archive gives back %s byte for byte', (_, bytes) => {
  const files = [
    { path: 'a/x.safetensors', bytes },
    { path: 'a/x.json', bytes },
  ]
  const found = unpackArchive(packArchive(files))
  expect(new Map(found.map((file) => [file.path, file.bytes.toString('hex')]))).toEqual(
    new Map(files.map((file) => [file.path, bytes.toString('hex')])),
  )
})

test('an archive is the same for the same files in whatever order', () => {
  const files = ['a/x.json', 'a/b/expected.safetensors', 'a/b/inputs.safetensors'].map((path) => ({
    path,
    bytes: Buffer.from(path.repeat(100)),
  }))
  expect(packArchive(files.toReversed()).equals(packArchive(files))).toBe(true)
})

test('what two files of an archive have in common is kept once', () => {
  const bytes = Buffer.from(noise(10_000).buffer)
  const one = packArchive([{ path: 'a/x.bin', bytes }]).length
  const far = { path: 'a/y.bin', bytes: Buffer.from(noise(10_000, 2).buffer) }
  const two = packArchive([{ path: 'a/x.bin', bytes }, far]).length
  const three = packArchive([{ path: 'a/x.bin', bytes }, far, { path: 'a/z.bin', bytes }]).length
  expect(two - one).toBeGreaterThan(20_000)
  expect(three - two).toBeLessThan(200)
})

test('numbers of a weights file take less room than their bytes as they stand', () => {
  const bytes = safetensors([['F32', 20_000, 4]])
  const split = packArchive([{ path: 'a/x.safetensors', bytes }]).length
  expect(split).toBeLessThan(0.95 * packArchive([{ path: 'a/x.bin', bytes }]).length)
})

/** A file of tensors of noise: dtype, how many numbers, bytes of one. */
function safetensors(tensors: readonly (readonly [Dtype, number, number])[]): Buffer {
  return Buffer.from(
    encodeSafetensors(
      tensors.map(([dtype, count, size], index) => {
        const bytes = new Uint8Array(noise(Math.ceil((count * size) / 4), index + 1).buffer)
        return [`t${index}`, { dtype, shape: [count], bytes: bytes.subarray(0, count * size) }]
      }),
    ),
  )
}
