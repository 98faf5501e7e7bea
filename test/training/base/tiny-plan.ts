import { cpuDevice } from '../../../engine/runtime/device.ts'
import { createSessionPool } from '../../../engine/runtime/session-pool.ts'
import {
  type ModelPlan,
  outerResnets,
  outerSelfAttention,
} from '../../../engine/training/base/demo-plan.ts'

/** A model still smaller than the demo's: its programs have as many ops and load as slowly. */
export const tinyPlan: ModelPlan = {
  blueprint: {
    unet: { channels: [8, 8, 16, 16], contextSize: 8 },
    textEncoder: { width: 8, layers: 1 },
    vae: { channels: [8, 8, 16, 16] },
  },
  config: {
    family: 'sd15',
    unet: { heads: 2, normGroups: 4 },
    textEncoder: { heads: 2 },
    vae: { normGroups: 4 },
  },
  silentAttention: outerSelfAttention,
  lateResnets: outerResnets,
}

/** Loads fast and repeats itself bit for bit. */
export const quick = { execution: 'parallel', threads: 1 } as const

/** A pool on the processor. */
export function testPool() {
  return createSessionPool(cpuDevice, 2 ** 28)
}
