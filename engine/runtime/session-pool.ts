import type { Program } from '../onnx/value.ts'
import type { Device } from './device.ts'
import {
  createSession,
  type HeldTensor,
  holdTensors,
  type RuntimeCounters,
  type Session,
  type SessionOptions,
} from './session.ts'
import type { HostTensor } from './tensor.ts'

/** Keeps loaded programs within a budget, the least recently used going first. */
export interface SessionPool {
  readonly device: Device
  readonly counters: Readonly<RuntimeCounters>
  /** The session for a key, loading the program where it is not there yet. */
  session(key: string, program: () => Program, options?: SessionOptions): Promise<Session>
  /** Tensors ready to be fed many times; the caller releases them. */
  hold<Name extends string>(
    tensors: Readonly<Record<Name, HostTensor>>,
  ): Promise<Record<Name, HeldTensor>>
  /** Unloads one program, if it is loaded. */
  release(key: string): Promise<void>
  close(): Promise<void>
}

/**
 * Opens a pool. `weightBudget` bounds the stored bytes of weights of all loaded programs together;
 * the program asked for last always fits.
 */
export function createSessionPool(device: Device, weightBudget: number): SessionPool {
  const counters: RuntimeCounters = { sessionsBuilt: 0, weightBytesRead: 0 }
  const sessions = new Map<string, Promise<Session>>()

  async function release(key: string): Promise<void> {
    const session = sessions.get(key)
    sessions.delete(key)
    await (await session)?.release()
  }

  async function makeRoom(weightBytes: number): Promise<void> {
    const loaded = await Promise.all(
      [...sessions].map(async ([key, it]) => [key, await it] as const),
    )
    let total = loaded.reduce((sum, [, session]) => sum + session.weightBytes, weightBytes)
    for (const [key, session] of loaded) {
      if (total <= weightBudget) return
      total -= session.weightBytes
      await release(key)
    }
  }

  async function load(program: Program, options?: SessionOptions): Promise<Session> {
    const bytes = program.initializers.reduce((sum, it) => sum + (it.external?.length ?? 0), 0)
    await makeRoom(bytes)
    return createSession(program, device, counters, options)
  }

  return {
    device,
    counters,
    async session(key, program, options) {
      const known = sessions.get(key)
      if (known) {
        // The map's order is the order of use.
        sessions.delete(key)
        sessions.set(key, known)
        return known
      }
      const session = await load(program(), options)
      sessions.set(key, Promise.resolve(session))
      return session
    },
    hold: (tensors) => holdTensors(tensors, device),
    release,
    async close() {
      for (const key of [...sessions.keys()]) await release(key)
    },
  }
}
