import { describe, expect, it } from 'vitest'
import { balanceOf } from '../../../engine/dataset/doctor/balance.ts'
import { captionFindings, tokensOf } from '../../../engine/dataset/doctor/captions.ts'
import { examineDataset } from '../../../engine/dataset/doctor/examine.ts'
import { findingKinds } from '../../../engine/dataset/doctor/findings.ts'
import { doctorSchema } from '../../../engine/dataset/doctor/options.ts'
import { readableDataset } from '../../../engine/dataset/doctor/read-folder.ts'
import { contactSheet } from '../../../engine/dataset/doctor/sheet.ts'
import { countTags } from '../../../engine/dataset/doctor/tags.ts'
import { datasetSchema } from '../../../engine/dataset/settings.ts'
import { sourceOf } from '../../support/faulty-dataset.ts'
import { rampPicture } from '../../support/tiny-pictures.ts'
import { randomFrom } from './scenes.ts'

const options = doctorSchema.parse({})
const settings = datasetSchema.parse({ resolution: 64 })

function text(words: string): Uint8Array {
  return new TextEncoder().encode(words)
}

async function examined(files: Record<string, Uint8Array>, limits = {}) {
  const source = sourceOf(new Map(Object.entries(files)))
  const { dataset, unreadable } = await readableDataset(source, settings, 'pictures')
  return examineDataset(dataset, { ...limits, unreadable })
}

describe('the dataset doctor', () => {
  it('tells of an empty folder', async () => {
    const examination = await examined({ 'notes.txt': text('nothing here') })
    const { findings, counts } = examination.report
    expect(findings.map(({ kind }) => kind)).toEqual(['empty-dataset'])
    expect(counts).toMatchObject({ pictures: 0, errors: 1 })
    expect(contactSheet(examination).shape.slice(0, 2)).toEqual([1, 3])
  })

  it('tells of a folder with one picture', async () => {
    const files = { 'a.png': await rampPicture(64, 64), 'a.txt': text('a ramp') }
    const { report } = await examined(files)
    expect(report.findings.map(({ kind }) => kind)).toEqual([
      ...['single-picture', 'missing-licence', 'missing-source'],
    ])
  })

  it('goes on where a picture is no picture', async () => {
    const files = { 'a.png': await rampPicture(64, 64), 'b.png': text('no picture') }
    const { report } = await examined(files)
    expect(report.findings[0]).toMatchObject({ kind: 'unreadable', paths: ['b.png'] })
    expect(report.pictures.map(({ path, worst }) => [path, worst])).toEqual([
      ...[
        ['a.png', 'warning'],
        ['b.png', 'error'],
      ],
    ])
  })

  it('takes a missing licence for an error where one is asked for', async () => {
    const files = { 'a.png': await rampPicture(64, 64), 'b.png': await rampPicture(72, 64) }
    const { report } = await examined(files, { requireLicence: true })
    const [first] = report.findings
    expect(first).toMatchObject({
      ...{ kind: 'missing-licence', severity: 'error', paths: ['a.png', 'b.png'] },
      message: 'licence: none for 2 of 2 pictures, all expected',
    })
  })

  it('has a code of its own for every kind', () => {
    const codes = Object.values(findingKinds).map(({ code }) => code)
    expect(new Set(codes).size).toBe(codes.length)
  })
})

describe('captions', () => {
  const check = (caption: string) =>
    captionFindings(
      { path: 'a.png', caption, hasCaption: true, tokens: tokensOf(caption) },
      options,
    )

  it('may have 75 tokens and not one more', () => {
    expect(check(new Array(75).fill('cat').join(' '))).toEqual([])
    const [found] = check(`${new Array(75).fill('cat').join(' ')} asleep`)
    expect(found?.message).toBe(
      'a.png: the caption has 76 tokens, at most 75 are read; unread is "asleep"',
    )
  })
})

describe('balance', () => {
  /** Sets of which one attribute is uneven or even, with tags that mean nothing around it. */
  function drawnSet(seed: number, shares: readonly number[]) {
    const random = randomFrom(seed)
    const nouns = ['view', 'hair', 'shirt', 'room', 'light']
    const noun = nouns[Math.floor(nouns.length * random())]!
    const values = ['front', 'side', 'back', 'upper'].slice(0, shares.length)
    const others = ['smile', 'tree', 'hat', 'dog', 'lamp', 'book', 'cup', 'sky']
    return values.flatMap((value, at) =>
      Array.from({ length: shares[at]! }, (_, i) => ({
        path: `${value}${i}.png`,
        folder: '',
        repeats: 1,
        separator: ',',
        caption: [
          'someone',
          `${value} ${noun}`,
          ...others.filter(() => random() < 0.5),
          'white wall',
        ].join(', '),
      })),
    )
  }

  it('finds every uneven attribute of 40 sets and none in 40 even ones', () => {
    const tallies = { found: 0, wrong: 0 }
    for (let seed = 9001; seed <= 9040; seed++) {
      const random = randomFrom(seed)
      const many = 14 + Math.floor(8 * random())
      const uneven = drawnSet(seed, [many, 1 + Math.floor(2 * random()), 3])
      const even = drawnSet(
        seed,
        [7, 5, 6].map((count) => count + Math.floor(3 * random())),
      )
      if (balanceOf(uneven, options).findings.length > 0) tallies.found++
      if (balanceOf(even, options).findings.length > 0) tallies.wrong++
    }
    expect(tallies).toEqual({ found: 40, wrong: 0 })
  })

  it('suggests repeats that show what is rare more often', () => {
    const pictures = drawnSet(3, [16, 4, 2])
    const { suggestedRepeats, findings } = balanceOf(pictures, options)
    expect(suggestedRepeats).toEqual([
      ...new Array(16).fill(1),
      ...new Array(4).fill(4),
      // Eight times would be even; four times is the most that is suggested.
      ...new Array(2).fill(4),
    ])
    expect(findings[0]?.paths).toHaveLength(6)
    expect(findings[0]?.remedy).toMatch(
      /repeat those there are: 4 for "side \w+", 4 for "back \w+"/,
    )
  })

  it('evens out folders of different sizes', () => {
    const pictures = [12, 2].flatMap((count, at) =>
      Array.from({ length: count }, (_, i) => ({
        ...{ path: `${at}/${i}.png`, folder: `${at}`, repeats: 2, separator: ',' },
        caption: 'a quiet street in the rain',
      })),
    )
    const { suggestedRepeats } = balanceOf(pictures, options)
    expect(suggestedRepeats).toEqual([...new Array(12).fill(2), ...new Array(2).fill(8)])
  })

  it('counts tags in lists and words in sentences', () => {
    const sentence = { repeats: 1, separator: ',', caption: 'A dog on the grass' }
    expect(countTags([sentence]).map(({ tag }) => tag)).toEqual(['dog', 'grass'])
    const list = { repeats: 3, separator: ',', caption: 'one dog,  Green grass, sun' }
    const counted = countTags([list, { ...list, repeats: 1, caption: 'sun, one dog, sea' }])
    expect(counted.map(({ tag, share }) => [tag, share])).toEqual([
      ...[
        ['one dog', 1],
        ['sun', 1],
        ['green grass', 0.75],
        ['sea', 0.25],
      ],
    ])
  })
})
