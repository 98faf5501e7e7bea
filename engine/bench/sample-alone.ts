import { readWeight } from '../files/read-weight.ts'
import { createLoraFeeder } from '../inference/lora-feeds.ts'
import { openPredictor } from '../inference/predict.ts'
import { cpuDevice } from '../runtime/device.ts'
import { createSessionPool } from '../runtime/session-pool.ts'
import { modelOf, openCheckpoint, someNumbers, somePrompts } from './bench.ts'

/**
 * A process that opens a checkpoint and samples three steps, in order to be measured from outside:
 * `node sample-alone.ts FILE` prints one line of JSON.
 */
const begun = performance.now()
const checkpoint = await openCheckpoint(process.argv[2]!)
const pool = createSessionPool(cpuDevice, Number.POSITIVE_INFINITY)
const feeder = createLoraFeeder(pool, readWeight)
const contexts = somePrompts(checkpoint)
const predictor = await openPredictor(pool, feeder, { contexts, batch: 1 })
const model = modelOf(checkpoint, [])
let x = someNumbers([1, 4, 32, 32])
const ends: number[] = []
for (const timestep of [900, 500, 100]) {
  ;[x] = (await predictor.predict(model, x, [timestep])) as [typeof x]
  ends.push(performance.now() - begun)
}
const weights = [...model.unet.weights.tensors.values()]
const count = weights.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0)
// The system counts in KiB.
const peakBytes = process.resourceUsage().maxRSS * 1024
process.stdout.write(
  `${JSON.stringify({ loadMs: ends[0], peakBytes, weightBytes: 4 * count, ends })}\n`,
)
await pool.close()
