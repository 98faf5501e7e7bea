import { rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Dataset } from '../../engine/dataset/settings.ts'
import dataset from '../../nodes/dataset.ts'
import { nodeRunner } from '../support/node-runs.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { middleMask, rampPicture } from '../support/tiny-pictures.ts'

const wide = await rampPicture(96, 64)
const mask = await middleMask(96, 64)

describe('the dataset node', () => {
  it('reads pictures, captions, masks and pictures of the class', async () => {
    const run = runner()
    const found = await run({
      folder: 'cats',
      classFolder: 'animals',
      classCaption: 'an animal',
      maskFolder: 'cats/masks',
      resolution: 64,
      minBucketReso: 64,
      maxBucketReso: 128,
      batchSize: 2,
      numRepeats: 5,
      licence: 'own',
    })
    const { items, settings } = found.dataset!
    expect(items).toMatchObject([
      { path: 'cats/a.png', caption: 'a cat', repeats: 5, maskPath: 'cats/masks/a.png' },
      { path: 'animals/b.png', caption: 'an animal', repeats: 1, isRegularisation: true },
    ])
    expect(items.map(({ licence }) => licence)).toEqual(['own', 'own'])
    expect(settings).toMatchObject({ resolution: [64, 64], batchSize: 2, enableBucket: true })
    expect(found.warnings).toEqual([
      'cats: 1 picture, 10 or more give a LoRA something to generalise from',
    ])
  })

  it('may give folders in the folder settings of their own', async () => {
    const found = await runner()({
      folder: 'cats',
      numRepeats: 2,
      subsets: [{ imageDir: 'masks', numRepeats: 7, classTokens: 'a mask' }],
    })
    expect(found.dataset!.items.map(({ path, repeats }) => [path, repeats])).toEqual([
      ['cats/a.png', 2],
      ['cats/masks/a.png', 7],
    ])
  })

  it('does not run again until a file in the folder changes', async () => {
    const desk = folders()
    const run = runner(desk)
    const params = { folder: 'cats', maskFolder: 'cats/masks' }
    const first = await run(params)
    expect(first.started).toBe(true)
    const second = await run(params)
    expect(second.started).toBe(false)
    expect(second.dataset).toBe(first.dataset)
    const caption = join(desk, 'input', 'cats', 'a.txt')
    writeFileSync(caption, 'a dog')
    utimesSync(caption, 1, 1)
    const third = await run(params)
    expect(third.started).toBe(true)
    expect(third.dataset!.items[0]!.caption).toBe('a dog')
    expect(third.dataset!.key).not.toBe(first.dataset!.key)
    rmSync(caption)
    expect((await run(params)).dataset!.items[0]!.caption).toBe('')
  })

  it('says before the run which folder is not there and which sizes do not fit', async () => {
    expect((await runner()({ folder: 'cat' })).problems).toEqual([
      'data: folder is "cat", expected a file in input-folders; did you mean cats',
    ])
    expect((await runner()({ folder: 'cats', resolution: 128 })).problems).toEqual([
      'data: dataset: minBucketReso: 256, at most the resolution of 128 expected',
    ])
  })

  it('fails with a sentence for an empty folder', async () => {
    const desk = folders()
    writeFileSync(join(desk, 'input', 'cats', 'a.png'), 'text')
    const found = await runner(desk)({ folder: 'cats', maskFolder: 'cats/masks' })
    expect(found.failure).toBe(
      'data: cats: 1 fault, none expected\n  cats/a.png: this is a text, a PNG, JPEG, WebP or AVIF picture expected',
    )
  })
})

function folders(): string {
  return temporaryFolder({
    'input/cats/a.png': wide,
    'input/cats/a.txt': 'a cat',
    'input/cats/masks/a.png': mask,
    'input/animals/b.png': wide,
  })
}

function runner(desk = folders()) {
  const start = nodeRunner(desk, dataset)
  return async (params: object) => {
    const { problems, events, outputs } = await start({
      outputs: { dataset: 'data.dataset' },
      nodes: { data: { type: 'dataset', params } },
    })
    const failed = events.find((event) => event.type === 'failed')
    return {
      problems,
      dataset: outputs.dataset as Dataset | undefined,
      started: events.some((event) => event.type === 'started'),
      warnings: events.flatMap((event) => (event.type === 'warning' ? [event.message] : [])),
      failure: failed?.error.message,
    }
  }
}
