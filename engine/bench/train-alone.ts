import { createPace } from '../training/run/pace.ts'
import { accumulateStep } from '../training/run/take-step.ts'
import { openTrainWork, type TrainWork } from './train-work.ts'

/**
 * A process that trains some steps, in order to be measured from outside: `node train-alone.ts
 * WORK`, with a `TrainWork` as JSON, prints a `TrainResult` as one line of JSON.
 */

/** What the process found. */
export interface TrainResult {
  /** Milliseconds of each step. */
  readonly steps: readonly number[]
  /** How much longer the first step took, which loads the programs. */
  readonly startMs: number
  readonly dataShare: number
  /** Most memory over that of the process before it opened anything. */
  readonly peakBytes: number
}

const idleBytes = process.memoryUsage.rss()
const now = () => performance.now()
const work = JSON.parse(process.argv[2]!) as TrainWork
const { trainer, data, close } = await openTrainWork(work)
const pace = createPace(now)
const loading = { ...data, load: (request: Parameters<typeof data.load>[0]) => timed(request) }

/** The first step is not counted: it loads the programs. */
let isCounted = false
function timed(request: Parameters<typeof data.load>[0]) {
  return isCounted ? pace.loading(() => data.load(request)) : data.load(request)
}

const ends: number[] = [now()]
let dataShare = 0
for (let step = 1; step <= work.steps + 1; step++) {
  isCounted = step > 1
  if (isCounted) pace.begin()
  await accumulateStep({
    ...{ trainer, data: loading, step, accumulation: 1 },
    onSmaller: (tried) => {
      throw new Error(`memory does not hold a batch of ${tried}`)
    },
  })
  await trainer.update({ unet: 1e-4 })
  if (isCounted) dataShare = pace.end(work.batch, work.steps + 1 - step).loadingShare
  ends.push(now())
}
const times = ends.slice(1).map((end, index) => end - ends[index]!)
const [first = 0, ...steps] = times
const usual = steps.reduce((sum, time) => sum + time, 0) / steps.length
// The system counts in KiB.
const peakBytes = process.resourceUsage().maxRSS * 1024 - idleBytes
const result: TrainResult = { steps, startMs: first - usual, dataShare, peakBytes }
process.stdout.write(`${JSON.stringify(result)}\n`)
await close()
