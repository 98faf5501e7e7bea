import { describe, expect, it } from 'vitest'
import { examineDataset } from '../../../engine/dataset/doctor/examine.ts'
import type { FindingKind } from '../../../engine/dataset/doctor/findings.ts'
import { contactSheet } from '../../../engine/dataset/doctor/sheet.ts'
import { checkAccepted, reportLines } from '../../../engine/dataset/doctor/tell.ts'
import { faultySet, plantedKinds } from '../../support/faulty-dataset.ts'

/** Seeds that no limit was chosen by. */
const heldOut = [7001, 7002, 7003]
const cleanPictures = 10

const sets = await Promise.all(
  heldOut.map(async (seed) => {
    const set = await faultySet(seed, cleanPictures)
    return { ...set, examination: await examineDataset(set.dataset) }
  }),
)

/** How often a kind was rightly and wrongly found and missed, over all pictures of all sets. */
function tally(kind: FindingKind) {
  const sums = { right: 0, missed: 0, wrong: 0, rest: 0 }
  for (const { truth, examination } of sets) {
    const named = examination.report.findings.filter((found) => found.kind === kind)
    const found = new Set(named.flatMap(({ paths }) => paths))
    for (const [path, kinds] of truth) {
      // Of a picture that cannot be decoded nothing else can be known.
      if (kind !== 'unreadable' && kinds.has('unreadable')) continue
      if (kinds.has(kind)) sums[found.has(path) ? 'right' : 'missed']++
      else sums[found.has(path) ? 'wrong' : 'rest']++
    }
  }
  return sums
}

describe('the dataset doctor on pictures with planted faults', () => {
  it.each(plantedKinds)('finds 95 % of what is %s and names at most 5 % wrongly', (kind) => {
    const { right, missed, wrong, rest } = tally(kind)
    expect(right + missed).toBeGreaterThanOrEqual(3)
    expect(right / (right + missed)).toBeGreaterThanOrEqual(0.95)
    expect(wrong / (right + wrong)).toBeLessThanOrEqual(0.05)
    expect(wrong / (wrong + rest)).toBeLessThanOrEqual(0.05)
  })

  it('is judged by hundreds of pictures and kinds', () => {
    const judged = plantedKinds.map((kind) => tally(kind))
    const total = judged.reduce((sum, { right, missed, wrong, rest }) => {
      return sum + right + missed + wrong + rest
    }, 0)
    expect(total).toBeGreaterThan(1200)
  })

  it('says the same every time', async () => {
    const { dataset } = sets[0]!
    const few = { ...dataset, items: dataset.items.slice(0, 5) }
    const [first, again] = [await examineDataset(few), await examineDataset(few)]
    expect(again.report).toEqual(first.report)
  })

  it('draws a contact sheet whose frames and borders stand out', () => {
    const { data, shape } = contactSheet(sets[0]!.examination)
    expect(shape.slice(0, 2)).toEqual([1, 3])
    expect(data.every((value) => value >= 0 && value <= 1)).toBe(true)
    const [, , height = 0, width = 0] = shape
    // The first picture has a warning: its border, at the margin below the header, is orange.
    const at = 120 * width + 60
    const colour = [0, 1, 2].map((channel) => data[channel * height * width + at]!)
    expect(colour.map((value) => Math.round(value * 100))).toEqual([87, 49, 0])
  })

  it('refuses what it was told to refuse', () => {
    const { report } = sets[0]!.examination
    expect(() => checkAccepted(report, 'never')).not.toThrow()
    expect(() => checkAccepted(report, 'errors')).toThrow(/^dataset: 1 findings, none expected;/)
    expect(() => checkAccepted(report, 'warnings')).toThrow(/and \d+ more$/)
  })

  it('tells a person a line for every finding and a sum', () => {
    const { report } = sets[0]!.examination
    const lines = reportLines(report)
    for (const { message } of report.findings) {
      expect(lines.some((line) => line.includes(message))).toBe(true)
    }
    expect(lines.at(-1)).toMatch(/^\d+ pictures that count as [\d.]+ different ones: 1 error, /)
  })
})
