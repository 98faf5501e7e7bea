import { readWeight } from '../files/read-weight.ts'
import { createLoraFeeder } from '../inference/lora-feeds.ts'
import { openPredictor } from '../inference/predict.ts'
import type { Model } from '../models/handles.ts'
import { randomPresets } from '../models/random-checkpoint.ts'
import { cpuDevice } from '../runtime/device.ts'
import { createSessionPool } from '../runtime/session-pool.ts'
import { alternate, median, ratioOf } from './alternate.ts'
import {
  benchLoras,
  type Measurement,
  modelOf,
  openCheckpoint,
  someNumbers,
  somePrompts,
} from './bench.ts'

/** Steps without LoRAs, with one and with three, in turn; then changes of ratio between steps. */
export const loraSteps: Measurement = {
  gives: [
    'lora_overhead_1x16',
    'lora_overhead_3x16',
    'unet_step_ms',
    'ratio_change_ms',
    'ratio_change_sessions',
  ],
  opensCheckpoint: true,
  async measure({ io, file, rounds, size }) {
    const checkpoint = await openCheckpoint(file)
    const starts = { last: 0 }
    const pool = noteStarts(createSessionPool(cpuDevice, Number.POSITIVE_INFINITY), () => {
      starts.last = io.clock()
    })
    const feeder = createLoraFeeder(pool, readWeight)
    const predictor = await openPredictor(pool, feeder, {
      contexts: somePrompts(checkpoint),
      batch: 1,
    })
    const x = someNumbers([1, 4, 32, 32])
    const step = (model: Model) => () => predictor.predict(model, x, [500])
    const three = benchLoras(randomPresets[size], 3)
    try {
      const times = await alternate(
        {
          none: step(modelOf(checkpoint, [])),
          one: step(modelOf(checkpoint, three.slice(0, 1))),
          three: step(modelOf(checkpoint, three)),
        },
        rounds,
        io.clock,
      )
      const built = pool.counters.sessionsBuilt
      const waits: number[] = []
      for (let round = 0; round < rounds; round++) {
        const changed = three.map(({ lora }, index) => ({ lora, strength: (round - index) / 4 }))
        const begun = io.clock()
        await step(modelOf(checkpoint, changed))()
        waits.push(starts.last - begun)
      }
      const sessions = pool.counters.sessionsBuilt - built
      return {
        lora_overhead_1x16: ratioOf(times.one, times.none),
        lora_overhead_3x16: ratioOf(times.three, times.none),
        unet_step_ms: median(times.none),
        ratio_change_ms: median(waits),
        ratio_change_sessions: { value: sessions, samples: [sessions] },
      }
    } finally {
      predictor.close()
      await feeder.close()
      await pool.close()
    }
  },
}

type Pool = ReturnType<typeof createSessionPool>

/** A pool that says when a program begins to run. */
function noteStarts(pool: Pool, begins: () => void): Pool {
  return {
    ...pool,
    async session(key, program, options) {
      const session = await pool.session(key, program, options)
      return {
        ...session,
        run(feeds) {
          begins()
          return session.run(feeds)
        },
      }
    },
  }
}
