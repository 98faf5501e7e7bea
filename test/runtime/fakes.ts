import { DeviceError } from '../../engine/errors.ts'
import type { Program } from '../../engine/onnx/value.ts'
import type { Adapter } from '../../engine/runtime/adapter.ts'
import { cpuDevice, type Device } from '../../engine/runtime/device.ts'
import type { Examiner } from '../../engine/runtime/examiner.ts'
import type { ProbeMemory } from '../../engine/runtime/open-device.ts'
import { runProbe } from '../../engine/runtime/probe.ts'
import {
  createSession,
  newCounters,
  type Session,
  type SessionOptions,
} from '../../engine/runtime/session.ts'

/** Devices that are the processor with deliberate faults. */

/** Where results of probes go in a test. */
export function emptyMemory(): ProbeMemory & { records: Map<string, unknown> } {
  const records = new Map<string, unknown>()
  return {
    records,
    get: async (key) => structuredClone(records.get(key)),
    put: async (key, value) => void records.set(key, JSON.parse(JSON.stringify(value))),
  }
}

export const counters = newCounters

/** How the faulty device computes a program that holds the op. */
export type Fault = (session: Session, program: Program) => Session

/** Every number of the results is a tenth too large. */
export const tenthTooLarge: Fault = (session) => ({
  ...session,
  async run(feeds) {
    const results = await session.run(feeds)
    return Object.fromEntries(
      Object.entries(results).map(([name, { data, shape }]) => [
        name,
        { data: Float32Array.from(data as Float32Array, (it) => it * 1.1), shape },
      ]),
    )
  },
})

export interface FakeOptions {
  readonly faults?: Readonly<Record<string, Fault>>
  readonly adapter?: Partial<Adapter>
  /** Ops that the device has no kernel for. */
  readonly missing?: readonly string[]
}

/** An examiner of a faulty device, in this process. It counts its probes. */
export function fakeExaminer({ faults = {}, adapter, missing = [] }: FakeOptions = {}): Examiner & {
  probes: number
} {
  const open = async (program: Program, device: Device, { isStrict }: SessionOptions = {}) => {
    if (isStrict && program.operations.some(({ op }) => missing.includes(op))) {
      throw new DeviceError('graph nodes that are assigned to the default CPU EP')
    }
    const session = await createSession(program, cpuDevice, counters())
    if (device.provider === 'cpu') return session
    const wrong = program.operations.find(({ op }) => faults[op] && !device.cpuOps?.has(op))
    return wrong ? faults[wrong.op]!(session, program) : session
  }
  return {
    probes: 0,
    absence: () => undefined,
    noCard: () => undefined,
    identify: async () => ({ name: 'Faulty', driver: '1.0', isSoftware: false, ...adapter }),
    async probe(device, cases) {
      this.probes += 1
      const bench = { device, reference: cpuDevice, open, clock: () => 0 }
      return await Array.fromAsync(runProbe(cases, bench))
    },
  }
}
