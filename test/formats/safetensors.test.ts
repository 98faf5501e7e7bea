import { describe, expect, it } from 'vitest'
import { FormatError, messageOf } from '../../engine/errors.ts'
import { type Dtype, dtypeBytes, dtypes } from '../../engine/formats/dtype.ts'
import {
  encodeSafetensors,
  layoutOrder,
  parseHeader,
  parseSafetensors,
  parseShardIndex,
  type SafetensorsTensor,
  toFloat32,
  toInt64,
  writeHeader,
} from '../../engine/formats/safetensors.ts'
import { type Seeded, seeded } from '../support/seeded.ts'

function tensor(
  dtype: Dtype,
  bytes: ArrayBufferView,
  shape = [bytes.byteLength / dtypeBytes[dtype]],
) {
  return { dtype, shape, bytes: new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) }
}

function randomTensors({ below, pick, bytes, text }: Seeded): Map<string, SafetensorsTensor> {
  return new Map(
    Array.from({ length: below(8) }, () => {
      const dtype = pick(dtypes)
      const shape = Array.from({ length: below(4) }, () => below(4))
      const size = shape.reduce((product, axis) => product * axis, dtypeBytes[dtype])
      return [text(20), { dtype, shape, bytes: bytes(size) }]
    }),
  )
}

describe('a safetensors file', () => {
  it('reads back as it was written, whatever names, shapes, dtypes and metadata', () => {
    for (let seed = 0; seed < 300; seed++) {
      const random = seeded(seed)
      const tensors = randomTensors(random)
      const metadata = Object.fromEntries(
        Array.from({ length: random.below(3) }, () => [random.text(9), random.text(30)]),
      )
      const file = parseSafetensors('random', encodeSafetensors(tensors, metadata))
      expect(new Map([...file.tensors].sort())).toEqual(new Map([...tensors].sort()))
      expect(file.metadata).toEqual(metadata)
    }
  })

  it('has the same bytes in whatever order its tensors come', () => {
    const tensors = [...randomTensors(seeded(5))]
    expect(encodeSafetensors(tensors.toReversed())).toEqual(encodeSafetensors(tensors))
  })

  it('begins every tensor on a multiple of its element size', () => {
    for (let seed = 0; seed < 50; seed++) {
      const bytes = encodeSafetensors(randomTensors(seeded(seed)))
      for (const { begin, dtype } of parseHeader('file', bytes.length, bytes).tensors.values()) {
        expect(begin % dtypeBytes[dtype]).toBe(0)
      }
    }
  })

  it('is read or refused, but never crashes the reader, when any byte changes', () => {
    for (let seed = 0; seed < 3000; seed++) {
      const { below, bytes: randomBytes, pick } = seeded(seed)
      const whole = encodeSafetensors(randomTensors(seeded(seed % 20)), { made: 'here' })
      const bytes = pick([whole, whole.subarray(0, below(whole.length + 1))]).slice()
      for (let i = 0; i < 1 + below(3) && bytes.length > 0; i++) {
        bytes.set(randomBytes(1), below(bytes.length))
      }
      try {
        for (const one of parseSafetensors('file', bytes).tensors.values()) toFloat32(one)
      } catch (error) {
        if (!(error instanceof FormatError)) throw error
        expect(error.message).toMatch(/^file: /)
      }
    }
  })

  it('gives a model of any size from its header alone', () => {
    const header = writeHeader([
      { name: 'a', dtype: 'F16', shape: [1024, 1024, 2048] },
      { name: 'b', dtype: 'U8', shape: [3] },
    ])
    const size = header.length + 2 ** 32 + 3
    const { tensors, dataOffset } = parseHeader('file', size, header)
    expect(dataOffset).toBe(header.length)
    expect(tensors.get('b')).toMatchObject({ begin: size - 3, end: size })
    expect(() => parseHeader('file', size - 1, header)).toThrow(
      `file: file has ${size - 1} bytes, ${size} expected; it may be cut off, download it again`,
    )
  })

  it('may hold nothing, scalars and empty tensors', () => {
    const scalar = tensor('F32', Float32Array.of(3), [])
    const empty = tensor('I64', new BigInt64Array(), [2, 0])
    const tensors = new Map([
      ['scalar', scalar],
      ['empty', empty],
    ])
    expect(parseSafetensors('file', encodeSafetensors([])).tensors.size).toBe(0)
    expect(parseSafetensors('file', encodeSafetensors(tensors)).tensors).toEqual(tensors)
  })

  it('keeps names that mean something to JavaScript', () => {
    const tensors = new Map(
      ['constructor', 'toString', 'hasOwnProperty', ''].map((name) => [
        name,
        tensor('U8', Uint8Array.of(1)),
      ]),
    )
    const file = parseSafetensors('file', encodeSafetensors(tensors, { toString: 'x' }))
    expect([...file.tensors.keys()].sort()).toEqual([...tensors.keys()].sort())
    expect(file.metadata).toEqual({ toString: 'x' })
  })

  it('reads a header of many megabytes of text', () => {
    const metadata = { tags: '"{\\"cat\\": 1}\n'.repeat(400_000) }
    expect(parseSafetensors('file', encodeSafetensors([], metadata)).metadata).toEqual(metadata)
  })

  it.each([
    [
      'a name twice',
      [
        ['a', [1]],
        ['a', [1]],
      ],
      'tensor "a": name is taken, one of its own expected',
    ],
    [
      'a reserved name',
      [['__metadata__', [1]]],
      'tensor "__metadata__": name is taken, one of its own expected',
    ],
    ['bytes that do not fit', [['a', [2]]], 'tensor "a": 1 bytes given, 2 expected for U8 [2]'],
  ] as const)('is not written with %s', (_, entries, message) => {
    const tensors = entries.map(
      ([name, shape]) => [name, { dtype: 'U8', shape, bytes: new Uint8Array(1) }] as const,
    )
    expect(() => encodeSafetensors(tensors)).toThrow(new FormatError(message))
  })

  it('lays out wide elements before narrow ones, then by name', () => {
    const entries = (['F16', 'F32', 'U8', 'I64', 'F32'] as const).map((dtype, i) => ({
      name: `t${9 - i}`,
      dtype,
      shape: [1],
    }))
    expect(layoutOrder(entries).map(({ name }) => name)).toEqual(['t6', 't5', 't8', 't9', 't7'])
  })
})

describe('a tensor of any dtype', () => {
  const cases: readonly [Dtype, ArrayBufferView, number[]][] = [
    ['F64', Float64Array.of(1.5, -2), [1.5, -2]],
    ['F32', Float32Array.of(1.5, -2), [1.5, -2]],
    ['F16', Float16Array.of(1.5, -65504), [1.5, -65504]],
    ['BF16', Uint16Array.of(0x3fc0, 0xc000), [1.5, -2]],
    ['F8_E4M3', Uint8Array.of(0x3c, 0xfe), [1.5, -448]],
    ['F8_E5M2', Uint8Array.of(0x3e, 0xc0), [1.5, -2]],
    ['I64', BigInt64Array.of(-3n, 7n), [-3, 7]],
    ['U64', BigUint64Array.of(3n, 2n ** 40n), [3, 2 ** 40]],
    ['I32', Int32Array.of(-3, 7), [-3, 7]],
    ['U32', Uint32Array.of(3, 2 ** 31), [3, 2 ** 31]],
    ['I16', Int16Array.of(-3, 7), [-3, 7]],
    ['U16', Uint16Array.of(3, 65535), [3, 65535]],
    ['I8', Int8Array.of(-3, 7), [-3, 7]],
    ['U8', Uint8Array.of(3, 255), [3, 255]],
    ['BOOL', Uint8Array.of(0, 2), [0, 1]],
  ]

  it('has a case here', () => {
    expect(cases.map(([dtype]) => dtype).sort()).toEqual([...dtypes].sort())
  })

  it.each(cases)('gives its values as float32: %s', (dtype, view, expected) => {
    expect([...toFloat32(tensor(dtype, view))]).toEqual(expected)
  })

  it.each(cases)('may begin at any byte of its buffer: %s', (dtype, view, expected) => {
    const { bytes, shape } = tensor(dtype, view)
    const shifted = new Uint8Array(bytes.length + 3)
    shifted.set(bytes, 3)
    expect([...toFloat32({ dtype, shape, bytes: shifted.subarray(3) })]).toEqual(expected)
  })

  it('gives whole numbers as 64-bit integers, from floats too', () => {
    expect(toInt64(tensor('I32', Int32Array.of(-3, 7)))).toEqual(BigInt64Array.of(-3n, 7n))
    expect(toInt64(tensor('F32', Float32Array.of(0, 76)))).toEqual(BigInt64Array.of(0n, 76n))
    expect(toInt64(tensor('I64', BigInt64Array.of(2n ** 62n)))).toEqual(BigInt64Array.of(2n ** 62n))
    expect(() => toInt64(tensor('F32', Float32Array.of(0.5)))).toThrow(
      new FormatError('tensor of F32: value is 0.5, a whole number expected'),
    )
  })
})

describe('an index of several files', () => {
  it('says which tensors lie in which file', () => {
    const text =
      '{"metadata":{"total_size":8},"weight_map":{"a":"1.safetensors","b":"2.safetensors","c":"1.safetensors"}}'
    const { files } = parseShardIndex('index', new TextEncoder().encode(text))
    expect([...files]).toEqual([
      ['1.safetensors', ['a', 'c']],
      ['2.safetensors', ['b']],
    ])
  })

  it('never crashes its reader', () => {
    const text = new TextEncoder().encode('{"weight_map":{"a":"1.safetensors"}}')
    for (let seed = 0; seed < 500; seed++) {
      const { below, bytes: randomBytes } = seeded(seed)
      const bytes = text.slice()
      bytes.set(randomBytes(1), below(bytes.length))
      try {
        parseShardIndex('index', bytes)
      } catch (error) {
        expect(messageOf(error)).toMatch(/^index: /)
        expect(error).toBeInstanceOf(FormatError)
      }
    }
  })
})
