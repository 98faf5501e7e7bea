import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { readDataset } from '../../engine/dataset/read-dataset.ts'
import { datasetSchema } from '../../engine/dataset/settings.ts'
import { captionOf, drawPicture } from '../../engine/drawing/draw-picture.ts'
import { drawnSource } from '../../engine/drawing/source.ts'
import { decodePicture } from '../../engine/formats/picture.ts'

const set = { count: 3, seed: 8, style: 'riso', suffix: 'riso style' } as const
const source = drawnSource(set)

test('a drawn set is a folder of pictures with captions', async () => {
  const paths = (await source.list()).map(({ path }) => path)
  expect(paths).toEqual(['00000', '00001', '00002'].flatMap((n) => [`${n}.png`, `${n}.txt`]))
})

test('a file of a drawn set is drawn when it is read', async () => {
  const { image } = await decodePicture('00002.png', await source.read('00002.png'))
  expect(image.shape).toEqual([1, 3, 128, 128])
  const drawn = drawPicture(2, set).image
  const off = image.data.map((value, i) => Math.abs(value - drawn[i]!))
  expect(off.reduce((most, value) => Math.max(most, value), 0)).toBeLessThan(0.51 / 255)
  const text = new TextDecoder().decode(await source.read('00002.txt'))
  expect(text).toBe(captionOf(2, set))
  expect(text).toMatch(/, riso style$/)
})

test('a file of a drawn set has the hash of its bytes', async () => {
  const bytes = await source.read('00001.png')
  const hash = createHash('sha256').update(bytes).digest('hex')
  expect(await source.hash('00001.png')).toBe(hash)
})

test('a file that is not in a drawn set is refused', async () => {
  await expect(source.read('00003.png')).rejects.toThrow(
    '00003.png: no such file, one of 3 drawn pictures expected',
  )
})

test('a drawn set is read as a dataset', async () => {
  const { items, problems } = await readDataset(source, datasetSchema.parse({ resolution: 128 }))
  expect(items.map(({ path, width, caption }) => [path, width, caption])).toEqual(
    [0, 1, 2].map((i) => [`0000${i}.png`, 128, captionOf(i, set)]),
  )
  expect(problems).toEqual([])
})
