import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { atRank } from '../../engine/training/run/sweep-node.ts'
import { runTraining, type TrainedLora } from '../../engine/training/run.ts'
import { networkShape } from '../../engine/training/settings/network.ts'
import { foldVariants, type SweepVariant, sweep, sweepTable } from '../../engine/training/sweep.ts'
import type { TrainLoraInputs } from '../../engine/training/train-lora.ts'
import { datasetOf, itemOf } from '../support/datasets.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { toyBatch, toyJob, toyWorld } from './run/toy.ts'

describe('a sweep', () => {
  it('names the best of its trainings and tables them all', async () => {
    const found = await sweep([variant('rate-0.01', 0.01), variant('rate-0.1', 0.1)], trainToy)
    expect(found.best.label).toBe('rate-0.1')
    expect(found.rows.map(({ label, step }) => [label, step])).toEqual([
      ['rate-0.01', 12],
      ['rate-0.1', 12],
    ])
    const lines = sweepTable(found).split('\n')
    expect(lines[0]).toBe('| run | steps | loss | validation | best step | gap |')
    expect(lines[3]).toMatch(/^\| rate-0\.1 \(best\) \| 12 \| [\d.]+ \| [\d.]+ \| \d+ \| /)
    expect(lines.at(-1)).toBe(`Mean validation loss: ${found.meanValidation!.toPrecision(4)}`)
  })

  it('ends with the run that is stopped', async () => {
    const stopped = async (one: SweepVariant) => {
      const { lora, result } = await trainToy(one)
      return { lora, result: { ...result, status: 'stopped' as const } }
    }
    const found = await sweep([variant('rate-0.1', 0.1), variant('rate-0.2', 0.2)], stopped)
    expect(found.rows.map(({ label }) => label)).toEqual(['rate-0.1'])
  })

  it('wants values that differ', async () => {
    const twice = [variant('rank-4', 1), variant('rank-4', 1)]
    await expect(sweep(twice, trainToy)).rejects.toThrow(
      'sweep: 2 values of which 1 differ, at least 1 expected, all different',
    )
    await expect(sweep([], trainToy)).rejects.toThrow('sweep: 0 values of which 0 differ')
  })
})

describe('a LoRA at another rank', () => {
  it('keeps the share of every rank and alpha, and leaves alone what was left alone', () => {
    const blockDims = [...new Array<number>(24).fill(0), 2]
    const settings = z.object(networkShape).parse({ networkDim: 4, convDim: 2, blockDims })
    expect(atRank(settings, 8)).toMatchObject({
      ...{ networkDim: 8, networkAlpha: 2, convDim: 4, convAlpha: 2 },
      blockDims: [...new Array<number>(24).fill(0), 4],
    })
    expect(atRank(settings, 1)).toMatchObject({ networkDim: 1, convDim: 1, networkAlpha: 0.25 })
  })
})

describe('k folds', () => {
  it('hold every picture back once', () => {
    const items = Array.from({ length: 7 }, (_, at) => ({ ...itemOf(64, 64), key: `${at}` }))
    const inputs = { dataset: datasetOf(items) } as unknown as TrainLoraInputs
    const variants = foldVariants(inputs, { folds: 3, seed: 1 })
    expect(variants.map(({ label }) => label)).toEqual(['fold-1', 'fold-2', 'fold-3'])
    const held = variants.flatMap((one) => one.inputs.split!.validation.items.map(({ key }) => key))
    expect(held.sort()).toEqual(['0', '1', '2', '3', '4', '5', '6'])
    for (const {
      inputs: { split },
    } of variants) {
      expect(split!.training.items.length + split!.validation.items.length).toBe(7)
    }
  })

  it('are refused where there are fewer pictures', () => {
    const inputs = { dataset: datasetOf([itemOf(64, 64)]) } as unknown as TrainLoraInputs
    expect(() => foldVariants(inputs, { folds: 3, seed: 1 })).toThrow(
      'folds: 3 given, 2 to 1 expected, the pictures',
    )
  })
})

function variant(label: string, learningRate: number): SweepVariant {
  return { label, learningRate, inputs: {} as TrainLoraInputs }
}

/** The toy stands for the networks: what a sweep does is compare. */
async function trainToy({ learningRate }: SweepVariant): Promise<TrainedLora> {
  const world = await toyWorld(temporaryFolder())
  const validation = {
    async *held() {
      yield toyBatch([2.5], () => 500)
    },
    async *trained() {
      yield toyBatch([2, 3], () => 500)
    },
  }
  const schedule = { ...toyJob().schedule, validation: { steps: 4, keepBest: true } }
  const rates = () => ({ unet: learningRate! })
  try {
    return await runTraining(toyJob({ schedule, rates, validation }), world)
  } finally {
    await world.folder.close()
  }
}
