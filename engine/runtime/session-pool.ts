import { type Program, weightBytesOf } from '../onnx/value.ts'
import type { Device } from './device.ts'
import { type HeldTensor, holdTensors, readTensors } from './held.ts'
import {
  createSession,
  newCounters,
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
  session(
    key: string,
    program: () => Program | Promise<Program>,
    options?: SessionOptions,
  ): Promise<Session>
  /** Tensors ready to be fed many times; the caller releases them. */
  hold<Name extends string>(
    tensors: Readonly<Record<Name, HostTensor>>,
  ): Promise<Record<Name, HeldTensor>>
  /** The numbers of held float32 tensors; not to be modified. */
  read<Name extends string>(
    tensors: Readonly<Record<Name, HeldTensor>>,
  ): Promise<Record<Name, HostTensor>>
  /** Unloads one program, if it is loaded. */
  release(key: string): Promise<void>
  close(): Promise<void>
}

/**
 * Opens a pool. `weightBudget` bounds the stored bytes of weights of all loaded programs together;
 * the program asked for last always fits.
 */
export function createSessionPool(device: Device, weightBudget: number): SessionPool {
  const counters: RuntimeCounters = newCounters()
  /** Loaded and being loaded; the order is the order of use. */
  const sessions = new Map<string, Promise<Session>>()
  const loaded = new Map<string, Session>()
  let queue: Promise<unknown> = Promise.resolve()

  async function release(key: string): Promise<void> {
    const session = sessions.get(key)
    sessions.delete(key)
    loaded.delete(key)
    await (await session?.catch(() => undefined))?.release()
  }

  async function makeRoom(weightBytes: number): Promise<void> {
    let total = weightBytes
    for (const session of loaded.values()) total += session.weightBytes
    for (const key of [...sessions.keys()]) {
      const session = loaded.get(key)
      if (total <= weightBudget || !session) continue
      total -= session.weightBytes
      await release(key)
    }
  }

  async function load(program: Program, options?: SessionOptions): Promise<Session> {
    await makeRoom(weightBytesOf(program))
    return createSession(program, device, counters, options)
  }

  /** Loads one program after another: two at once would take the memory of both. */
  function enter(key: string, program: () => Program | Promise<Program>, options?: SessionOptions) {
    const loading = queue.then(async () => load(await program(), options))
    queue = loading.catch(() => undefined)
    sessions.set(key, loading)
    loading.then(
      (session) => {
        if (sessions.get(key) === loading) loaded.set(key, session)
      },
      () => {
        if (sessions.get(key) === loading) sessions.delete(key)
      },
    )
    return loading
  }

  return {
    device,
    counters,
    session(key, program, options) {
      const known = sessions.get(key)
      if (!known) return enter(key, program, options)
      sessions.delete(key)
      sessions.set(key, known)
      return known
    },
    hold: (tensors) => holdTensors(tensors, device, counters),
    read: (tensors) => readTensors(tensors, device, counters),
    release,
    async close() {
      for (const key of [...sessions.keys()]) await release(key)
    },
  }
}
