import { messageOf } from '../errors.ts'
import { cpuDevice, type Device } from './device.ts'
import { type CaseResult, type ProbeBench, runProbe } from './probe.ts'
import type { ProbeCase } from './probe-cases.ts'
import { createSession, newCounters } from './session.ts'

/**
 * Runs cases on a device in a process of its own, because a fault in a driver ends the process.
 * `examiner.ts` forks it, sends one `Order` and reads `Report`s until it ends.
 */

export interface Order {
  readonly device: Device
  readonly cases: readonly ProbeCase[]
}

export type Report =
  | { readonly type: 'result'; readonly result: CaseResult }
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'done' }

process.once('message', async (order: Order) => {
  try {
    const bench: ProbeBench = {
      device: order.device,
      reference: order.device.provider === 'cpu' ? 'recorded' : cpuDevice,
      open: (program, device, options) => createSession(program, device, newCounters(), options),
      clock: () => performance.now(),
    }
    for await (const result of runProbe(order.cases, bench)) await tell({ type: 'result', result })
    await tell({ type: 'done' })
  } catch (thrown) {
    await tell({ type: 'failed', message: messageOf(thrown) })
  }
  process.exit(0)
})

function tell(report: Report): Promise<void> {
  return new Promise((resolve) => {
    process.send!(report, () => resolve())
  })
}
