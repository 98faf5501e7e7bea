import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { dataset } from '../../../engine/executor/workbench-tasks.ts'
import {
  listDatasets,
  openDatasets,
  readDatasetFolder,
  writeCaptions,
} from '../../../engine/server/datasets.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import { rampPicture } from '../../support/tiny-pictures.ts'

const png = await rampPicture(40, 24)

describe('the datasets of a server', () => {
  it('are the folders that hold pictures, with captions and how often their tags occur', async () => {
    const input = folder()
    expect(await listDatasets(input)).toEqual([{ folder: 'cats', pictures: 3 }])
    const { entries, tags } = await readDatasetFolder(join(input, 'cats'), 'cats')
    expect(entries).toMatchObject([
      { file: 'a.png', width: 40, height: 24, caption: 'cat, red' },
      { file: 'b.png', width: 40, height: 24, caption: 'cat, blue' },
      { file: 'c.png', width: 40, height: 24 },
    ])
    expect(entries[2]).not.toHaveProperty('caption')
    expect(tags).toEqual([
      ...[
        { tag: 'cat', count: 2 },
        { tag: 'blue', count: 1 },
        { tag: 'red', count: 1 },
      ],
    ])
  })

  it('show the same buckets and crops at once that the doctor finds with every picture read', async () => {
    const input = temporaryFolder({
      'set/wide/a.png': await rampPicture(640, 256),
      'set/wide/b.png': await rampPicture(300, 411),
      'set/wide/c.png': await rampPicture(512, 512),
    })
    const workbench = { dataset }
    const datasets = openDatasets({ input, workbench })
    const quick = await datasets.read('set/wide')
    const checked = await datasets.check('set/wide')
    expect([quick.folder, checked.folder]).toEqual(['set/wide', 'set/wide'])
    const places = ({ entries }: typeof quick) =>
      entries.map(({ file, bucket, crop }) => ({ file, bucket, crop }))
    expect(places(quick)).toEqual(places(checked))
    expect(quick.entries[0]?.bucket).toHaveLength(2)
    expect(checked.findings.length).toBeGreaterThan(quick.findings.length)
    await expect(datasets.read('set/none')).rejects.toThrow(
      'input: no folder "set/none", an existing one expected',
    )
  })

  it('take captions where they are read from: the row, the text beside, or a new text', async () => {
    const cats = join(folder(), 'cats')
    const captions = { 'a.png': 'one', 'b.png': 'two', 'c.png': 'three' }
    await writeCaptions(cats, captions)
    const { entries } = await readDatasetFolder(cats, 'cats')
    expect(Object.fromEntries(entries.map(({ file, caption }) => [file, caption]))).toEqual(
      captions,
    )
    expect(readFileSync(join(cats, 'metadata.jsonl'), 'utf8')).toBe(
      '{"file_name":"b.png","text":"two","licence":"CC0"}\n',
    )
    expect(readdirSync(cats).sort()).toEqual([
      ...['a.caption', 'a.png', 'b.png', 'c.png', 'c.txt', 'metadata.jsonl'],
    ])
  })

  it.each([
    '../x.png',
    '/x.png',
    'x.png',
    'a.caption',
    '.a.png',
    'C:a.png',
  ])('write nothing for the name %j', async (name) => {
    const cats = join(folder(), 'cats')
    const before = readdirSync(cats)
    await expect(writeCaptions(cats, { 'c.png': 'new', [name]: 'x' })).rejects.toThrow(/expected/)
    expect(readdirSync(cats)).toEqual(before)
  })
})

function folder(): string {
  return temporaryFolder({
    'lone.png': png,
    'cats/a.png': png,
    'cats/b.png': png,
    'cats/c.png': png,
    'cats/a.caption': 'cat, red\n',
    'cats/metadata.jsonl': '{"file_name":"b.png","text":"cat","tags":"blue","licence":"CC0"}\n',
  })
}
