import { afterAll, describe, expect, it } from 'vitest'
import { DeviceError } from '../../../engine/errors.ts'
import type { NumericTensor } from '../../../engine/sockets.ts'
import { runTraining } from '../../../engine/training/run.ts'
import { loraJob } from '../../../engine/training/train-lora.ts'
import type { TrainBatch } from '../../../engine/training/trainer.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import { testRuntime } from '../../support/tiny.ts'
import { tinyInputs, tinyPictures, tinyRequest, tinySettings, tinyWorld } from './tiny-run.ts'

const runtime = testRuntime()
afterAll(() => runtime.pool.close())

/** Loading a program of gradients takes seconds, more where the machine has other work. */
const patience = 240_000

/** Its attention takes 300 GB a picture: no runtime allocates that. */
const hugeSide = 320

/** Trains the tiny checkpoint; more pictures at once than `most` are as large as that. */
async function train(most: number) {
  const settings = tinySettings({ trainBatchSize: 4, maxTrainSteps: 2 })
  const world = await tinyWorld(temporaryFolder(), runtime)
  const inputs = await tinyInputs(settings, await tinyPictures(4))
  const job = await loraJob(inputs, tinyRequest(settings), world)
  const load: typeof job.data.load = async (request) => {
    const batch = await job.data.load(request)
    return batch.timesteps.length > most ? enlarged(batch) : batch
  }
  try {
    const trained = await runTraining({ ...job, data: { ...job.data, load } }, world)
    return { ...trained, events: world.events }
  } finally {
    await world.folder.close()
  }
}

describe('a real runtime that cannot allocate', () => {
  it(
    'makes the run compute fewer pictures at once, with the same losses and weights',
    async () => {
      const whole = await train(4)
      const small = await train(2)
      expect(small.events.filter(({ type }) => type === 'smaller-batch')).toEqual([
        { type: 'smaller-batch', tried: 4, next: 2 },
      ])
      const losses = ({ result }: typeof whole) => result.log.flatMap(({ samples }) => samples)
      expect(losses(small).map(([picture]) => picture)).toEqual(
        losses(whole).map(([picture]) => picture),
      )
      for (const [at, [, timestep, loss]] of losses(small).entries()) {
        expect(timestep).toBe(losses(whole)[at]![1])
        expect(loss).toBeCloseTo(losses(whole)[at]![2], 5)
      }
      const norms = ({ result }: typeof whole) => result.log.map((entry) => entry.gradientNorm)
      for (const [at, norm] of norms(small).entries()) {
        expect(norm / norms(whole)[at]!).toBeCloseTo(1, 4)
      }
    },
    patience,
  )

  it(
    'ends the run where not even one picture fits',
    async () => {
      const failed = await train(0).catch((error: unknown) => error)
      expect(failed).toBeInstanceOf(DeviceError)
      expect((failed as DeviceError).message).toBe(
        'train-step: failed on cpu: out of memory; try a smaller picture or batch',
      )
    },
    patience,
  )
})

function enlarged(batch: TrainBatch): TrainBatch {
  const large = ({ shape: [count = 0, channels = 0] }: NumericTensor): NumericTensor => {
    const shape = [count, channels, hugeSide, hugeSide]
    return { data: new Float32Array(count * channels * hugeSide ** 2).fill(0.5), shape }
  }
  return { ...batch, sample: large(batch.sample), target: large(batch.target) }
}
