import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { filesBelow, openStudio } from '../support/studio.ts'
import { deskWithPictures, trainingFeeds, trainingNodes } from '../support/training-workflow.ts'

const studio = openStudio()

/** Loading a program of gradients takes seconds, more where the machine has other work. */
const patience = 300_000

function sweepOf(params: object) {
  return JSON.stringify({
    version: 1,
    outputs: { table: 'sweep.table', training: 'sweep.training' },
    nodes: {
      ...trainingNodes,
      sweep: {
        type: 'sweep',
        params: {
          ...{ outputName: 'fox', maxTrainSteps: 2 },
          ...{ cacheLatentsToDisk: true, cacheTextEncoderOutputsToDisk: true },
          ...params,
        },
        inputs: trainingFeeds,
      },
    },
  })
}

const head = ['| run | steps | loss | validation | best step | gap |', '|---|---|---|---|---|---|']
const number = String.raw`-?[\d.]+(?:e-\d+)?`
const measured = `${number} \\| ${number} \\| [012] \\| ${number}`

describe('mazeru run with a sweep', () => {
  it(
    'trains at every rank, encodes every picture once, and does nothing again',
    async () => {
      const desk = await deskWithPictures(3)
      const w = sweepOf({ values: [4, 8] })
      const first = await sweep(desk, w)
      expect(first.table.slice(0, 2)).toEqual(head)
      expect(first.table.slice(2).map((line) => line.replace(' (best)', ''))).toEqual([
        expect.stringMatching(new RegExp(`^\\| rank-4 \\| 2 \\| ${number} \\|  \\|  \\|  \\|$`)),
        expect.stringMatching(new RegExp(`^\\| rank-8 \\| 2 \\| ${number} \\|  \\|  \\|  \\|$`)),
      ])
      expect(first.table.filter((line) => line.includes(' (best) '))).toHaveLength(1)
      const folder = join(desk, 'output', 'training')
      expect(readdirSync(folder).sort()).toEqual(['.kept', 'fox-rank-4', 'fox-rank-8'])
      for (const rank of ['rank-4', 'rank-8']) {
        expect(readdirSync(join(folder, `fox-${rank}`))).toContain(`fox-${rank}.safetensors`)
      }
      // Two steps of one picture each, whatever the order: a latent and a caption of each.
      expect(filesBelow(join(folder, '.kept')).length).toBe(4)
      const again = await sweep(desk, w)
      expect(again.table).toEqual(first.table)
      const steps = (events: typeof first.events) => events.filter(({ name }) => name === 'step')
      expect([steps(first.events).length, steps(again.events).length]).toEqual([4, 0])
    },
    patience,
  )

  it(
    'trains at every rate',
    async () => {
      const desk = await deskWithPictures(2)
      const { table, events } = await sweep(desk, sweepOf({ vary: 'rate', values: [0.1, 0.001] }))
      expect(table.slice(2).map((line) => line.split(' ')[1])).toEqual(['rate-0.1', 'rate-0.001'])
      const first = events.filter(({ name, values }) => {
        return name === 'step' && (values as { step: number }).step === 1
      })
      expect(first.map(({ values }) => (values as { rates: object }).rates)).toEqual([
        { unet: 0.1 },
        { unet: 0.001 },
      ])
    },
    patience,
  )

  it(
    'holds every picture back once over all folds',
    async () => {
      const desk = await deskWithPictures(4)
      const { table } = await sweep(desk, sweepOf({ vary: 'fold', values: [2] }))
      expect(table.slice(2).map((line) => line.replace(' (best)', ''))).toEqual([
        expect.stringMatching(new RegExp(`^\\| fold-1 \\| 2 \\| ${measured} \\|$`)),
        expect.stringMatching(new RegExp(`^\\| fold-2 \\| 2 \\| ${measured} \\|$`)),
        '',
        expect.stringMatching(new RegExp(`^Mean validation loss: ${number}$`)),
      ])
      // Every picture was held back in one fold and so was encoded, once for both.
      expect(filesBelow(join(desk, 'output', 'training', '.kept')).length).toBe(8)
    },
    patience,
  )

  it('says what its values may be', async () => {
    const desk = await deskWithPictures(1)
    const cases = [
      [{ values: [2.5] }, 'sweep: values is a list of 1, expected whole numbers, the ranks\n'],
      [
        { vary: 'fold', values: [2, 3] },
        'sweep: values is a list of 2, expected one number with vary fold, that of the folds\n',
      ],
    ] as const
    for (const [params, message] of cases) {
      const { code, stderr } = await runFile(desk, sweepOf(params))
      expect({ code, stderr }).toEqual({ code: 2, stderr: message })
    }
    const tooMany = await runFile(desk, sweepOf({ vary: 'fold', values: [2] }))
    expect(tooMany.stderr).toContain('failed: sweep: folds: 2 given, 2 to 1 expected, the pictures')
  })
})

async function runFile(desk: string, text: string, ...words: string[]) {
  writeFileSync(join(desk, 'w.json'), text)
  return studio.mazeru(desk, 'run', 'w.json', ...words)
}

async function sweep(desk: string, text: string) {
  const told = await runFile(desk, text, '--json')
  expect(told.stderr).toBe('')
  const found = told.events.find(({ type, name }) => type === 'output' && name === 'table')
  return { ...told, table: (found!.value as string).split('\n') }
}
