import { DeviceError } from '../errors.ts'
import type { NumericTensor } from '../sockets.ts'

/**
 * Throws a `DeviceError` where a network gave a number that is not finite. `file` is its file of
 * weights, `what` says which network it is and where it was, `remedy` what else may help.
 */
export function refuseNonFinite(
  { data }: NumericTensor,
  file: string,
  what: string,
  remedy: string,
): void {
  const value = data.find((number) => !Number.isFinite(number))
  if (value === undefined) return
  throw new DeviceError(
    `${file}: ${what} gave ${value}, finite numbers expected; the weights may be damaged: ${remedy}`,
  )
}
