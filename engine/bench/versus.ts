import { readWeight } from '../files/read-weight.ts'
import { createLoraFeeder } from '../inference/lora-feeds.ts'
import { openPredictor } from '../inference/predict.ts'
import { cpuDevice } from '../runtime/device.ts'
import { createSessionPool } from '../runtime/session-pool.ts'
import { median, ratioOf } from './alternate.ts'
import { type Measurement, modelOf, openCheckpoint, someNumbers, somePrompts } from './bench.ts'
import { runCommandText } from './child.ts'

/** Steps timed by our side for one number of the other. */
const stepsPerPair = 3

/** Another program's step of the same network, in turn with ours. */
export const versus: Measurement = {
  gives: ['versus_ratio'],
  opensCheckpoint: true,
  async measure({ io, file, rounds, versus: command }) {
    if (command === undefined) return {}
    const checkpoint = await openCheckpoint(file)
    const pool = createSessionPool(cpuDevice, Number.POSITIVE_INFINITY)
    const feeder = createLoraFeeder(pool, readWeight)
    const contexts = somePrompts(checkpoint)
    const predictor = await openPredictor(pool, feeder, { contexts, batch: 1 })
    const model = modelOf(checkpoint, [])
    const x = someNumbers([1, 4, 32, 32])
    const ours: number[] = []
    const theirs: number[] = []
    try {
      await predictor.predict(model, x, [500])
      for (let round = 0; round < rounds; round++) {
        const steps: number[] = []
        for (let step = 0; step < stepsPerPair; step++) {
          const begun = io.clock()
          await predictor.predict(model, x, [500])
          steps.push(io.clock() - begun)
        }
        ours.push(median(steps).value)
        theirs.push(await rivalStep(command, io.clock))
      }
      return { versus_ratio: ratioOf(theirs, ours) }
    } finally {
      predictor.close()
      await pool.close()
    }
  },
}

/** Milliseconds of the other program's step: the last line that its command prints. */
export async function rivalStep(command: string, clock: () => number): Promise<number> {
  const { stdout } = await runCommandText(command, clock)
  const last = stdout.trim().split('\n').at(-1) ?? ''
  const number = Number(last)
  if (last !== '' && Number.isFinite(number) && number > 0) return number
  throw new Error(`${command}: printed ${JSON.stringify(last)}, a number of milliseconds expected`)
}
