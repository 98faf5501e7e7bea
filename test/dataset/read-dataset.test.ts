import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { readDataset } from '../../engine/dataset/read-dataset.ts'
import { parseDatasetSettings } from '../../engine/dataset/settings.ts'
import { memoryFolder } from '../support/datasets.ts'
import { middleMask, rampPicture, statedPng } from '../support/tiny-pictures.ts'

const wide = await rampPicture(48, 32)
const high = await rampPicture(32, 48)
const mask = await middleMask(24, 16)
type Files = Record<string, Uint8Array | string>

describe('a folder of pictures', () => {
  it('has captions beside them, under either ending', async () => {
    const { items, problems } = await read({
      'a.png': wide,
      'a.txt': 'a cat\na {red|blue} cat\n',
      'b.png': high,
      'b.caption': 'a dog',
      'sub/c.png': wide,
      'sub/c.png.txt': 'a bird',
      'notes.md': 'not a caption',
    })
    expect(items).toMatchObject([
      { path: 'a.png', width: 48, height: 32, captions: ['a cat', 'a {red|blue} cat'] },
      { path: 'b.png', width: 32, height: 48, caption: 'a dog', captions: ['a dog'] },
      { path: 'sub/c.png', caption: 'a bird', repeats: 1, isRegularisation: false },
    ])
    expect(problems).toEqual([])
  })

  it('may keep to itself, without the folders in it', async () => {
    const files = { 'a.png': wide, 'sub/b.png': wide }
    const { items } = await read(files, { subsets: [{ recursive: false, classTokens: 'x' }] })
    expect(items.map(({ path }) => path)).toEqual(['a.png'])
  })

  it('may be named as kohya names it, with repeats and class', async () => {
    const { items, settings } = await read(
      {
        '10_a cat/a.png': wide,
        '10_a cat/b.png': wide,
        '10_a cat/b.txt': 'b',
        '2_dog/c.png': high,
      },
      { subsets: [{ numRepeats: 2 }] },
    )
    expect(items.map(({ path, repeats, caption }) => [path, repeats, caption])).toEqual([
      ['10_a cat/a.png', 20, 'a cat'],
      ['10_a cat/b.png', 20, 'b'],
      ['2_dog/c.png', 4, 'dog'],
    ])
    expect(settings.subsets.map(({ imageDir }) => imageDir)).toEqual(['10_a cat', '2_dog'])
  })

  it('may have subsets with settings of their own', async () => {
    const { items } = await read(
      { 'cats/a.png': wide, 'cats/close/b.png': wide, 'animals/c.png': high },
      {
        subsets: [
          { imageDir: 'cats/', numRepeats: 3, classTokens: 'cat', licence: 'CC0' },
          { imageDir: 'cats/close', classTokens: 'close cat', source: 'own' },
          { imageDir: './animals', isReg: true, classTokens: 'animal' },
        ],
      },
    )
    expect(items).toMatchObject([
      { path: 'cats/a.png', repeats: 3, caption: 'cat', licence: 'CC0' },
      { path: 'cats/close/b.png', repeats: 1, caption: 'close cat', source: 'own' },
      { path: 'animals/c.png', isRegularisation: true, caption: 'animal' },
    ])
  })

  it('may be described by metadata.jsonl, which counts before caption files', async () => {
    const lines = [
      { file_name: 'a.png', text: 'a cat', licence: 'CC0', source: 'https://example.org' },
      { file_name: 'sub/b.png', license: 'own', mask: 'm/b.png' },
      { file_name: 'gone.png', text: 'gone' },
    ]
    const { items, problems } = await read(
      {
        'cats/metadata.jsonl': lines.map((line) => JSON.stringify(line)).join('\n'),
        'cats/a.png': wide,
        'cats/a.txt': 'other',
        'cats/sub/b.png': wide,
        'cats/sub/b.txt': 'b',
        'cats/m/b.png': mask,
      },
      { subsets: [{ imageDir: 'cats' }] },
    )
    expect(items).toMatchObject([
      { path: 'cats/a.png', caption: 'a cat', licence: 'CC0', source: 'https://example.org' },
      { path: 'cats/sub/b.png', caption: 'b', licence: 'own', maskPath: 'cats/m/b.png' },
    ])
    expect(problems).toContain('cats/metadata.jsonl: no picture for gone.png')
  })

  it('may be described by a JSON file of kohya with paths of another machine', async () => {
    const metadata = {
      '/data/cats/a.png': { caption: 'a cat', tags: 'red' },
      b: { tags: 'b' },
    }
    const { items } = await read(
      {
        'cats/a.png': wide,
        'cats/b.webp.png': wide,
        'cats/b.png': wide,
        'meta.json': JSON.stringify(metadata),
      },
      { subsets: [{ imageDir: 'cats', metadataFile: 'meta.json' }] },
    )
    expect(items.map(({ path, caption }) => [path, caption])).toEqual([
      ['cats/a.png', 'a cat, red'],
      ['cats/b.png', 'b'],
      ['cats/b.webp.png', ''],
    ])
  })

  it('may have masks of the same names, whatever their ending', async () => {
    const { items } = await read(
      { 'a.jpg.png': wide, 'masks/a.jpg.png': mask, 'sub/b.png': wide, 'masks/sub/b.webp': mask },
      { subsets: [{ conditioningDataDir: 'masks', classTokens: 'x' }] },
    )
    expect(items.map(({ path, maskPath }) => [path, maskPath])).toEqual([
      ['a.jpg.png', 'masks/a.jpg.png'],
      ['sub/b.png', 'masks/sub/b.webp'],
    ])
    expect(items[0]!.maskKey).toMatch(/^[0-9a-f]{64}$/)
  })

  it('may hold PNG, JPEG, WebP and AVIF, turned as the camera noted', async () => {
    const picture = sharp(Buffer.from(wide))
    const { items } = await read({
      'a.PNG': wide,
      'b.jpeg': await picture.clone().withMetadata({ orientation: 6 }).jpeg().toBuffer(),
      'c.webp': await picture.clone().webp().toBuffer(),
      'd.avif': await picture.clone().avif().toBuffer(),
    })
    expect(items.map(({ path, width, height }) => [path, width, height])).toEqual([
      ['a.PNG', 48, 32],
      ['b.jpeg', 32, 48],
      ['c.webp', 48, 32],
      ['d.avif', 48, 32],
    ])
  })

  it('says what is strange: one picture, none described, never seen', async () => {
    const one = await read({ 'a.png': wide })
    expect(one.problems).toEqual([
      'cats: 1 picture, 10 or more give a LoRA something to generalise from',
      'no caption for a.png',
    ])
    const files: Files = Object.fromEntries([...'abcdefg'].map((name) => [`${name}.png`, wide]))
    expect((await read(files)).problems).toEqual([
      'no caption for a.png, b.png, c.png, d.png, e.png and 2 more',
    ])
    const idle = await read(
      { ...files, 'h.txt': '' },
      { subsets: [{ numRepeats: 0, classTokens: 'x' }] },
    )
    expect(idle.problems).toEqual(['never seen, numRepeats is 0: pictures in the folder itself'])
  })
})

describe('the key of a dataset', () => {
  const files = { 'a.png': wide, 'a.txt': 'a cat', 'b.png': high, 'b.txt': 'b' }
  const keyOf = async (changed: Files, settings = {}) =>
    (await read({ ...files, ...changed }, settings)).key

  it('stays with the same content', async () => {
    expect(await keyOf({})).toBe(await keyOf({ 'notes.md': 'new' }))
  })

  it('changes with a picture, a caption, a setting', async () => {
    const keys = [
      await keyOf({}),
      await keyOf({ 'a.png': high }),
      await keyOf({ 'a.txt': 'a dog' }),
      await keyOf({ 'c.png': wide }),
      await keyOf({}, { batchSize: 2 }),
      await keyOf({}, { subsets: [{ flipAug: true }] }),
    ]
    expect(new Set(keys).size).toBe(keys.length)
  })
})

describe('a folder is refused', () => {
  const kinds = 'PNG, JPEG, WebP or AVIF expected'

  it('when it is empty', async () => {
    await refuse({}, {}, `cats: no picture in it, at least one ${kinds}`)
    await refuse({ 'a.txt': 'a cat' }, {}, `cats: no picture in it, at least one ${kinds}`)
  })

  it('when a subset has no picture', async () => {
    const subsets = [{ imageDir: 'a' }, { imageDir: '../b' }]
    await refuse(
      { 'a/a.png': wide },
      { subsets },
      `cats: no picture in ../b, at least one ${kinds}`,
    )
  })

  it('when two subsets are one folder', async () => {
    const subsets = [{ imageDir: 'a' }, { imageDir: 'a/' }]
    await refuse(
      { 'a/a.png': wide },
      { subsets },
      'dataset: two subsets have the folder "a", one expected; give numRepeats instead',
    )
  })

  it('when there are only pictures of the class', async () => {
    const message = 'cats: only pictures of the class, others expected to be learned'
    await refuse({ 'a.png': wide }, { subsets: [{ isReg: true }] }, message)
  })

  it('with every file that cannot be used, all at once', async () => {
    await refuse(
      {
        'a.png': wide,
        'b.png': 'no picture',
        'c.bmp': Uint8Array.of(0x42, 0x4d, 1, 2, 3, 4, 5, 6, 7),
        'd.png': wide.subarray(0, 20),
        'e.png': new Uint8Array(),
        'f.png': wide,
        'f.txt': Uint8Array.of(0xe4),
        'g.png': statedPng(wide, 20_000, 20_000),
      },
      {},
      [
        'cats: 6 faults, none expected',
        'b.png: this is a text, a PNG, JPEG, WebP or AVIF picture expected',
        'c.bmp: this is a BMP, a PNG, JPEG, WebP or AVIF picture expected',
        /d\.png: this is a PNG that cannot be decoded \(.*\), a PNG, JPEG, WebP or AVIF picture expected/,
        'e.png: this is an empty file, a PNG, JPEG, WebP or AVIF picture expected',
        'f.txt: byte 0 is 0xE4, UTF-8 expected; save the file as UTF-8',
        'g.png: 20000 x 20000 is 400000000 pixels, at most 67108864 can be read',
      ],
    )
  })

  it('when a mask is missing or of another aspect', async () => {
    const subsets = [{ conditioningDataDir: 'masks' }]
    await refuse({ 'a.png': wide, 'b.png': high, 'masks/b.png': mask }, { subsets }, [
      'cats: 2 faults, none expected',
      'a.png: no mask, a picture of its name in masks expected',
      'masks/b.png: mask is 24 x 16, the aspect of 32 x 48 of b.png expected',
    ])
  })

  it('when a metadata file is not there or wrong', async () => {
    const subsets = [{ metadataFile: 'meta.json' }]
    await refuse({ 'a.png': wide, 'metadata.jsonl': '{"text":"x"}' }, { subsets }, [
      'cats: 2 faults, none expected',
      'meta.json: no such file, metadata expected',
      'metadata.jsonl: line 1: file_name is absent, a picture expected',
    ])
  })

  it('without a licence for every picture, where that is asked for', async () => {
    const files = { 'a.png': wide, 'b.png': wide }
    const lines = '{"file_name":"a.png","licence":"CC0"}'
    await refuse(
      { ...files, 'metadata.jsonl': lines },
      { requireLicence: true },
      'cats: no licence for b.png, one for each picture expected; give licence in metadata.jsonl or for the subset',
    )
    const settings = { requireLicence: true, subsets: [{ licence: 'own' }] }
    expect((await read(files, settings)).items.map(({ licence }) => licence)).toEqual([
      'own',
      'own',
    ])
  })
})

describe('settings of a dataset', () => {
  it.each<[object, string]>([
    [
      { enableBucket: true, resolution: 256, minBucketReso: 512 },
      'dataset: minBucketReso: 512, at most the resolution of 256 expected',
    ],
    [
      { enableBucket: true, resolution: [512, 2048] },
      'dataset: maxBucketReso: 1024, at least the resolution of 2048 expected',
    ],
    [
      { resolution: 100 },
      'dataset: resolution: 100 x 100, multiples of 8 expected without buckets',
    ],
  ])('%j are refused', (settings, message) => {
    expect(() => parseDatasetSettings(settings)).toThrow(message)
  })

  it('stay as they are when they are read again', () => {
    const settings = parseDatasetSettings({ resolution: 768, subsets: [{ keepTokens: 2 }] })
    expect(parseDatasetSettings(JSON.parse(JSON.stringify(settings)))).toEqual(settings)
  })
})

function read(files: Files, settings: object = {}) {
  return readDataset(memoryFolder(files), parseDatasetSettings(settings), 'cats')
}

async function refuse(files: Files, settings: object, expected: string | (string | RegExp)[]) {
  const message = await read(files, settings).then(
    () => 'nothing was refused',
    (error: Error) => error.message,
  )
  const lines = message.split('\n').map((line) => line.trim())
  expect(lines).toEqual(
    [expected].flat().map((line) => (line instanceof RegExp ? expect.stringMatching(line) : line)),
  )
}
