import type { Services } from './context.ts'
import { readHardware } from './files/hardware.ts'
import { sha256 } from './files/hash-file.ts'
import { openStore } from './store.ts'
import { hardwareMonitor } from './training/monitor.ts'
import type { NodeContext } from './workflow/index.ts'

/** Latents and encoded captions of all runs, in bytes. */
const keptBytes = 8 * 2 ** 30

/**
 * What a training run takes from the machine: the clock, memory, hashes, the store that all runs
 * share below the output folder, and a guard that waits while the GPU is hotter than `limit` °C.
 */
export function trainingHost(
  context: Pick<NodeContext<Services>, 'services' | 'throwIfCancelled'>,
  limit: number | undefined,
) {
  const folder = `${context.services.outputFolder}/training/.kept`
  return {
    store: openStore({ folder, maxBytes: keptBytes }),
    sha256,
    now: Date.now,
    memory: () => process.memoryUsage.rss(),
    availableMemory: process.availableMemory(),
    guard: hardwareMonitor({
      ...{ read: readHardware, now: Date.now, limit },
      async wait(milliseconds) {
        await new Promise((resolve) => setTimeout(resolve, milliseconds))
        context.throwIfCancelled()
      },
    }),
  }
}
