import { join } from 'node:path'
import { median, ratioOf } from './alternate.ts'
import { attentionChains } from './attention-chain.ts'
import type { Bench, Measurement } from './bench.ts'
import { runScript } from './child.ts'
import type { Measured } from './figures.ts'
import type { TrainResult } from './train-alone.ts'
import type { TrainWork } from './train-work.ts'
import { rivalStep } from './versus.ts'

/** Pictures and batches by size of the model, and the most steps that are worth their time. */
const works = {
  tiny: { side: 128, batch: 4, most: 20 },
  full: { side: 256, batch: 1, most: 3 },
} as const

/** Megabytes as memory is counted: 2^20 bytes. */
const megabyte = 2 ** 20

/** A run in small: speed, memory and waiting for data. */
const run: Measurement = {
  gives: ['train_steps_per_second', 'train_peak_mb', 'train_data_share', 'train_start_s'],
  opensCheckpoint: true,
  async measure(bench) {
    const { steps, peakBytes, dataShare, startMs } = await train(bench, {
      recompute: 'attention',
      data: 'pictures',
    })
    return {
      train_steps_per_second: median(steps.map((time) => 1000 / time)),
      train_peak_mb: single(peakBytes / megabyte),
      train_data_share: single(dataShare),
      train_start_s: single(startMs / 1000),
    }
  },
}

/** Time and memory of a step for each choice of what is kept. */
const keeping: readonly Measurement[] = (['none', 'attention', 'block'] as const).map(
  (recompute) => ({
    gives: [`train_peak_${recompute}_mb`, `train_step_${recompute}_ms`],
    opensCheckpoint: true,
    async measure(bench) {
      const { steps, peakBytes } = await train(bench, { recompute, data: 'numbers' })
      return {
        [`train_peak_${recompute}_mb`]: single(peakBytes / megabyte),
        [`train_step_${recompute}_ms`]: median(steps),
      }
    },
  }),
)

/** Another program's step of the same training, in turn with ours. */
const rival: Measurement = {
  gives: ['train_versus_ratio'],
  opensCheckpoint: true,
  async measure(bench) {
    if (bench.versus === undefined) return {}
    const ours: number[] = []
    const theirs: number[] = []
    for (let round = 0; round < Math.min(bench.rounds, 3); round++) {
      const { steps } = await train(bench, { recompute: 'attention', data: 'numbers' })
      ours.push(median(steps).value)
      theirs.push(await rivalStep(bench.versus, bench.io.clock))
    }
    return { train_versus_ratio: ratioOf(theirs, ours) }
  },
}

/** All measurements of training. */
export const trainings: readonly Measurement[] = [attentionChains, run, ...keeping, rival]

async function train(
  { io, file, rounds, size }: Bench,
  how: Pick<TrainWork, 'recompute' | 'data'>,
): Promise<TrainResult> {
  const { side, batch, most } = works[size]
  const work: TrainWork = { file, side, batch, steps: Math.min(rounds, most), ...how }
  const script = join(import.meta.dirname, 'train-alone.ts')
  const { stdout } = await runScript(script, [JSON.stringify(work)], io.clock)
  return JSON.parse(stdout) as TrainResult
}

function single(value: number): Measured {
  return { value, samples: [value] }
}
