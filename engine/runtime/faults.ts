import { DeviceError, messageOf } from '../errors.ts'

/** Says what a fault of the runtime means for the user. */
export async function guarded<T>(what: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (cause) {
    const message = messageOf(cause)
    if (/alloc|out of memory|OOM|bad_alloc/i.test(message)) {
      throw new DeviceError(`${what}: out of memory; try a smaller picture or batch`, { cause })
    }
    throw new DeviceError(`${what}: ${message}`, { cause })
  }
}
