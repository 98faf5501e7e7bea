import type { OpName } from '../ops/index.ts'
import { elementwiseRules } from './elementwise.ts'
import { layoutRules } from './layout.ts'
import { networkRules } from './network.ts'
import type { Rule } from './rule.ts'

/**
 * The rule of every op that a loss may pass through. Absent are comparisons and sizes, through
 * which nothing flows, and the ops that training programs are built without.
 */
export const rules = {
  ...elementwiseRules,
  ...layoutRules,
  ...networkRules,
} satisfies Partial<Record<OpName, Rule>>
