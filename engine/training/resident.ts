import { type HeldTensor, hostNumbers } from '../runtime/held.ts'
import type { SessionPool } from '../runtime/session-pool.ts'
import type { HostTensor } from '../runtime/tensor.ts'

/**
 * Named float32 tensors that stay where programs run, from one program to the next: parameters and
 * the state of their optimizer. The host sees their numbers when it asks.
 */
export interface Resident {
  /** The tensors to be fed; what the host set goes to the device first. */
  held(): Promise<ReadonlyMap<string, HeldTensor>>
  /** Takes new tensors in place of all. */
  replace(tensors: ReadonlyMap<string, HeldTensor>): void
  /** Sets all numbers; they are taken over. */
  set(numbers: ReadonlyMap<string, Float32Array>): void
  /** Brings the numbers to the host; nothing to do where they are there. */
  fetch(): Promise<void>
  /** Numbers as they are, not to be modified. Throws a TypeError where they were not fetched. */
  numbers(name: string): Float32Array
  /** Frees the device; numbers that the host has stay readable. */
  release(): void
}

/** Keeps tensors of these shapes, which begin with these numbers. */
export function createResident(
  pool: Pick<SessionPool, 'hold' | 'read'>,
  shapes: ReadonlyMap<string, readonly number[]>,
  initial: ReadonlyMap<string, Float32Array>,
): Resident {
  let device: ReadonlyMap<string, HeldTensor> | undefined
  /** Undefined where only the device knows. */
  let host: ReadonlyMap<string, Float32Array> | undefined = initial

  function release(): void {
    host ??= device && hostNumbersOf(device)
    for (const tensor of device?.values() ?? []) tensor.release()
    device = undefined
  }

  return {
    async held() {
      if (device) return device
      const tensors: Record<string, HostTensor> = {}
      for (const [name, shape] of shapes) tensors[name] = { data: host!.get(name)!, shape }
      device = new Map(Object.entries(await pool.hold(tensors)))
      return device
    },
    replace(tensors) {
      release()
      device = tensors
      host = undefined
    },
    set(numbers) {
      release()
      host = numbers
    },
    async fetch() {
      if (host || !device) return
      const from = device
      const read = Object.entries(await pool.read(Object.fromEntries(from)))
      const numbers = new Map(read.map(([name, { data }]) => [name, data as Float32Array]))
      if (device === from) host = numbers
    },
    numbers(name) {
      const held = device?.get(name)
      const known = host?.get(name) ?? (held && hostNumbers(held))
      if (known) return known
      throw new TypeError(`${name}: is on the device, expected to be fetched`)
    },
    release,
  }
}

/** All numbers, where they lie in host memory. */
function hostNumbersOf(
  tensors: ReadonlyMap<string, HeldTensor>,
): ReadonlyMap<string, Float32Array> | undefined {
  const numbers = new Map<string, Float32Array>()
  for (const [name, held] of tensors) {
    const data = hostNumbers(held)
    if (!data) return undefined
    numbers.set(name, data)
  }
  return numbers
}
