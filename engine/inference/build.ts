import type { BuildOptions } from '../models/network.ts'
import type { Device } from '../runtime/device.ts'

/** How programs are built for a device. */
export function buildOptions(
  device: Device,
  { adapted = new Set(), baked = new Map() }: Partial<Pick<BuildOptions, 'adapted' | 'baked'>> = {},
): BuildOptions {
  return { type: device.type, fused: device.fused, adapted, baked }
}
