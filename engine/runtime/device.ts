import type { FusedOp } from '../models/network.ts'

/** Where programs run. */
export type Provider = 'cpu' | 'webgpu' | 'cuda'

/** One device and what is known to be right on it. */
export interface Device {
  readonly provider: Provider
  /** Adapter and driver as far as the system tells, or `cpu`. */
  readonly name: string
  /** The type in which networks compute. */
  readonly type: 'float32' | 'float16'
  /** Fused ops whose numbers a probe has found right. */
  readonly fused: ReadonlySet<FusedOp>
}

/** The processor; its fused ops are held to reference data by the tests. */
export const cpuDevice: Device = {
  provider: 'cpu',
  name: 'cpu',
  type: 'float32',
  fused: new Set<FusedOp>(['MultiHeadAttention', 'QuickGelu', 'Gelu']),
}
