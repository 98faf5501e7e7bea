import { crc32, deflateSync } from 'node:zlib'
import { encodeSafetensors } from '../../engine/formats/safetensors.ts'

/**
 * One tiny file per way to be broken and the message it must give. `test/fixtures/broken/formats`
 * holds what `brokenFormats` makes; `npm test` compares the two, and with `MAZERU_WRITE_FIXTURES`
 * set it writes them anew.
 */

/** File name -> bytes and message. */
export function brokenFormats(): Record<string, { bytes: Uint8Array; message: string }> {
  return Object.fromEntries(
    [...weights, ...indexes, ...pictures].map(([name, bytes, message]) => [
      name,
      { bytes, message: `${name}: ${message}` },
    ]),
  )
}

type Broken = readonly [name: string, bytes: Uint8Array, message: string]

const text = (content: string) => new TextEncoder().encode(content)
const latin1 = (content: string) => Buffer.from(content, 'latin1')
const join = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts))

function length(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, value, true)
  return bytes
}

/** A safetensors file with any header text. */
function withHeader(header: string | Uint8Array, dataBytes = 0): Uint8Array {
  const json = typeof header === 'string' ? text(header) : header
  return join(length(BigInt(json.length)), json, new Uint8Array(dataBytes))
}

/** A header of one tensor `a`, with parts replaced. */
function withTensor(parts: Record<string, unknown>, dataBytes = 8): Uint8Array {
  const tensor = { dtype: 'F32', shape: [2], data_offsets: [0, 8], ...parts }
  return withHeader(JSON.stringify({ a: tensor }), dataBytes)
}

const whole = encodeSafetensors([['a', { dtype: 'F32', shape: [2], bytes: new Uint8Array(8) }]])
const half = (first: number, last: number) =>
  `{"dtype":"U8","shape":[4],"data_offsets":[${first},${last}]}`
const dtypeList =
  'BOOL, U8, I8, F8_E5M2, F8_E4M3, I16, U16, F16, BF16, I32, U32, F32, F64, I64, U64'

const weights: readonly Broken[] = [
  ['empty.safetensors', new Uint8Array(), 'file has 0 bytes, at least 8 expected'],
  ['short-length.safetensors', new Uint8Array(5), 'file has 5 bytes, at least 8 expected'],
  [
    'huge-header.safetensors',
    join(length(3_100_000_000n), text('{}')),
    'header says 3100000000 bytes, at most 100000000 can be read',
  ],
  [
    'largest-header.safetensors',
    join(length(2n ** 64n - 1n), text('{}')),
    'header says 18446744073709551615 bytes, at most 100000000 can be read',
  ],
  ['header-cut.safetensors', whole.subarray(0, 20), 'file has 20 bytes, its header alone needs 64'],
  [
    'data-cut.safetensors',
    whole.subarray(0, -3),
    'file has 69 bytes, 72 expected; it may be cut off, download it again',
  ],
  [
    'data-left-over.safetensors',
    join(whole, new Uint8Array(5)),
    'file has 77 bytes, its tensors end at 72',
  ],
  [
    'lfs-pointer.safetensors',
    text('version https://git-lfs.github.com/spec/v1\n'),
    'this is a Git LFS pointer, a safetensors file expected; fetch the file itself with git lfs pull',
  ],
  [
    'pickle.safetensors',
    join(latin1('PK\x03\x04'), new Uint8Array(26)),
    'this is a zip archive, a safetensors file expected; a pickle checkpoint has to be converted',
  ],
  [
    'web-page.safetensors',
    text('<!DOCTYPE html><title>Not found</title>'),
    'this is a web page, a safetensors file expected; download the file again',
  ],
  [
    'gguf.safetensors',
    join(latin1('GGUF\x03'), new Uint8Array(11)),
    'this is a GGUF file, a safetensors file expected; use the safetensors file of the same model',
  ],
  ['no-brace.safetensors', withHeader(' {}'), 'header is not JSON, a first { expected'],
  [
    'not-json.safetensors',
    withHeader('{"a":'),
    'header is not JSON, an object expected (Unexpected end of JSON input)',
  ],
  ['not-utf8.safetensors', withHeader(latin1('{"\xff":1}')), 'header is not UTF-8, JSON expected'],
  [
    'name-twice.safetensors',
    withHeader(`{"a":${half(0, 4)},"a":${half(0, 4)}}`, 4),
    'header has the key "a" twice, once expected',
  ],
  [
    'name-twice-escaped.safetensors',
    withHeader(`{"a":${half(0, 4)},"\\u0061" :${half(0, 4)}}`, 4),
    'header has the key "a" twice, once expected',
  ],
  [
    'part-twice.safetensors',
    withHeader('{"a":{"dtype":"U8","dtype":"I8","shape":[1],"data_offsets":[0,1]}}', 1),
    'header has the key "dtype" twice, once expected',
  ],
  [
    'proto-name.safetensors',
    withHeader(`{"__proto__":${half(0, 4)}}`, 4),
    'header has the key __proto__, which is reserved',
  ],
  [
    'metadata-number.safetensors',
    withHeader('{"__metadata__":{"epoch":3}}'),
    'metadata "epoch" is 3, a text expected',
  ],
  [
    'metadata-list.safetensors',
    withHeader('{"__metadata__":[]}'),
    'metadata is a list, an object expected',
  ],
  ['entry-number.safetensors', withHeader('{"a":1}'), 'tensor "a" is 1, an object expected'],
  [
    'unknown-dtype.safetensors',
    withTensor({ dtype: 'C64' }),
    `tensor "a": dtype is "C64", expected one of ${dtypeList}`,
  ],
  [
    'no-dtype.safetensors',
    withTensor({ dtype: undefined }),
    `tensor "a": dtype is absent, expected one of ${dtypeList}`,
  ],
  [
    'shape-negative.safetensors',
    withTensor({ shape: [-2] }),
    'tensor "a": shape is [-2], a list of whole numbers expected',
  ],
  [
    'shape-fraction.safetensors',
    withTensor({ shape: [2, 1.5] }),
    'tensor "a": shape is [2, 1.5], a list of whole numbers expected',
  ],
  [
    'shape-text.safetensors',
    withTensor({ shape: '2' }),
    'tensor "a": shape is "2", a list of whole numbers expected',
  ],
  [
    'shape-overflow.safetensors',
    withTensor({ shape: [2 ** 31, 2 ** 31] }),
    'tensor "a": shape [2147483648, 2147483648] is beyond 9007199254740991 bytes, a file expected',
  ],
  [
    'offsets-three.safetensors',
    withTensor({ data_offsets: [0, 4, 8] }),
    'tensor "a": data_offsets is [0, 4, 8], two whole numbers expected',
  ],
  [
    'offsets-reversed.safetensors',
    withTensor({ data_offsets: [8, 0] }),
    'tensor "a": -8 bytes given, 8 expected for F32 [2]',
  ],
  [
    'length-wrong.safetensors',
    withTensor({ shape: [3] }),
    'tensor "a": 8 bytes given, 12 expected for F32 [3]',
  ],
  [
    'overlap.safetensors',
    withHeader(`{"a":${half(0, 4)},"b":${half(3, 7)}}`, 7),
    'tensor "b" overlaps the tensor before it: begins at 3, 4 expected',
  ],
  [
    'gap.safetensors',
    withHeader(`{"a":${half(0, 4)},"b":${half(6, 10)}}`, 10),
    'tensor "b" leaves a gap: begins at 6, 4 expected',
  ],
  [
    'gap-at-start.safetensors',
    withHeader(`{"a":${half(2, 6)}}`, 6),
    'tensor "a" leaves a gap: begins at 2, 0 expected',
  ],
  [
    'offset-outside.safetensors',
    withTensor({ shape: [250], data_offsets: [0, 1000] }),
    'file has 75 bytes, 1067 expected; it may be cut off, download it again',
  ],
]

const indexes: readonly Broken[] = [
  [
    'no-map.safetensors.index.json',
    text('{"metadata":{}}'),
    'weight_map is absent, an object expected',
  ],
  [
    'leaves-folder.safetensors.index.json',
    text('{"weight_map":{"a":"../model.safetensors"}}'),
    'tensor "a" lies in "../model.safetensors", a .safetensors file beside the index expected',
  ],
  [
    'tensor-twice.safetensors.index.json',
    text('{"weight_map":{"a":"1.safetensors","a":"2.safetensors"}}'),
    'index has the key "a" twice, once expected',
  ],
  ['list.safetensors.index.json', text('[]'), 'index is a list, an object expected'],
]

function chunk(type: string, data: Uint8Array, change = 0): Uint8Array {
  const body = Buffer.concat([latin1(type), data])
  const bytes = Buffer.alloc(body.length + 8)
  bytes.writeUInt32BE(data.length)
  bytes.set(body, 4)
  bytes.writeUInt32BE((crc32(body) ^ change) >>> 0, body.length + 4)
  return bytes
}

const signature = latin1('\x89PNG\r\n\x1a\n')
const size = chunk('IHDR', Uint8Array.from([0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0]))
const end = chunk('IEND', new Uint8Array())
const png = (...parts: Uint8Array[]) => join(signature, size, ...parts, end)

const pictures: readonly Broken[] = [
  [
    'signature.png',
    text('GIF89a, truly'),
    'the first 8 bytes are not those of a PNG, a PNG expected',
  ],
  ['no-end.png', join(signature, size), '0 bytes after byte 33, a chunk expected'],
  [
    'chunk-length.png',
    join(signature, size, Uint8Array.from([255, 255, 255, 255]), latin1('tEXt'), new Uint8Array(4)),
    'tEXt at byte 33 says 4294967295 bytes, 0 are left',
  ],
  [
    'chunk-type.png',
    png(chunk('t3Xt', latin1('a\0b'))),
    'chunk at byte 33 has the type "t3Xt", four letters expected',
  ],
  [
    'checksum.png',
    png(chunk('tEXt', latin1('a\0b'), 1)),
    'tEXt at byte 33: checksum is dc49a23b, dc49a23a expected',
  ],
  [
    'no-keyword.png',
    png(chunk('tEXt', latin1('no null byte'))),
    'tEXt at byte 33: keyword has 12 characters, 1 to 79 expected',
  ],
  [
    'bad-deflate.png',
    png(chunk('zTXt', latin1('a\0\0not deflated'))),
    'zTXt at byte 33: cannot be unpacked (incorrect header check), a text of at most 16777216 bytes expected',
  ],
  [
    'deflate-bomb.png',
    png(
      chunk('zTXt', join(latin1('a\0\0'), deflateSync(new Uint8Array(2 ** 24 + 1), { level: 9 }))),
    ),
    'zTXt at byte 33: cannot be unpacked (Cannot create a Buffer larger than 16777216 bytes), a text of at most 16777216 bytes expected',
  ],
  [
    'compression-method.png',
    png(chunk('zTXt', latin1('a\0\x07x'))),
    'zTXt at byte 33: compression method is 7, 0 expected',
  ],
  [
    'itxt-cut.png',
    png(chunk('iTXt', latin1('a\0\0\0en'))),
    'iTXt at byte 33: fewer than 2 null bytes, 2 expected',
  ],
  [
    'itxt-not-utf8.png',
    png(chunk('iTXt', latin1('a\0\0\0\0\0\xff'))),
    'iTXt at byte 33: text is not UTF-8, UTF-8 expected',
  ],
]
