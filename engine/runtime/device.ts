import type { FusedOp } from '../models/network.ts'

export type { FusedOp } from '../models/network.ts'

/** Where programs run, the preferred first. */
export const providers = ['cuda', 'webgpu', 'cpu'] as const
export type Provider = (typeof providers)[number]

/** One device and what is known to be right on it. */
export interface Device {
  readonly provider: Provider
  /** Adapter and driver as far as the system tells, or `cpu`. */
  readonly name: string
  /** The type in which networks compute. */
  readonly type: 'float32' | 'float16'
  /** Fused ops whose numbers a probe has found right. */
  readonly fused: ReadonlySet<FusedOp>
  /** Ops that the device gets wrong: they are computed by the processor. WebGPU only. */
  readonly cpuOps?: ReadonlySet<string>
}

/** All fused ops. Each has plain ops that compute the same. */
export const fusedOps: readonly FusedOp[] = [
  'MultiHeadAttention',
  'QuickGelu',
  'Gelu',
  'FusedMatMul',
]

/** The processor; its fused ops are held to reference data by the tests. */
export const cpuDevice: Device = {
  provider: 'cpu',
  name: 'cpu',
  type: 'float32',
  fused: new Set(fusedOps),
}
