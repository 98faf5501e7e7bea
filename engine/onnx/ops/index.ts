import type { OpDefinition } from '../op.ts'
import { elementwise } from './elementwise.ts'
import { layout } from './layout.ts'
import { network } from './network.ts'

/** Every op a program may use, with the rule for its shapes. */
export const ops = { ...elementwise, ...layout, ...network } satisfies Record<string, OpDefinition>

export type OpName = keyof typeof ops
