import { expect, it } from 'vitest'
import {
  forecastMemory,
  type MemoryRequest,
  refuseTooLarge,
} from '../../../engine/training/run/memory-forecast.ts'

/** Stable Diffusion 1.5 with a LoRA of rank 8. */
const request: MemoryRequest = {
  unet: {
    ...{ inChannels: 4, channels: [320, 640, 1280, 1280], layersPerBlock: 2, contextSize: 768 },
    ...{ heads: [8, 8, 8, 8], depth: [1, 1, 1, 0], middleDepth: 1, normGroups: 32 },
  },
  ...{ weights: 860e6, parameters: 1.6e6, statesPerParameter: 2, tokens: 77 },
  ...{ width: 512, height: 512, batch: 2, checkpointing: 'none' },
}

it('less is forecast with more recomputation, smaller batches and smaller pictures', () => {
  const total = (changes: Partial<MemoryRequest>) =>
    forecastMemory({ ...request, ...changes }).total
  const whole = total({})
  expect(total({ checkpointing: 'attention' })).toBeLessThan(whole)
  expect(total({ checkpointing: 'block' })).toBeLessThan(total({ checkpointing: 'attention' }))
  expect(total({ batch: 1 })).toBeLessThan(whole)
  expect(total({ width: 256, height: 256 })).toBeLessThan(total({ batch: 1 }))
  // The weights in float32 alone are 3.4 GB.
  expect(total({ width: 64, height: 64, batch: 1 })).toBeGreaterThan(3.4e9)
})

it('a run that does not fit is refused with the least change that does', () => {
  const { total } = forecastMemory({ ...request, checkpointing: 'attention' })
  const limit = total + 1
  expect(() =>
    refuseTooLarge('fox', { ...request, checkpointing: 'attention' }, limit),
  ).not.toThrow()
  const gibibytes = (bytes: number) => (bytes / 2 ** 30).toFixed(1)
  expect(() => refuseTooLarge('fox', request, limit)).toThrow(
    `training "fox": about ${gibibytes(forecastMemory(request).total)} GiB would be taken, at most ${gibibytes(limit)} GiB expected; gradientCheckpointing attention, trainBatchSize 2 would take ${gibibytes(total)} GiB`,
  )
  expect(() => refuseTooLarge('fox', request, 1e9)).toThrow(
    /no setting makes it small enough; use a device with more memory$/,
  )
})
