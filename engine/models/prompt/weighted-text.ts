import { WorkflowError } from '../../errors.ts'

/** A stretch of a prompt with one weight. */
export interface WeightedText {
  readonly text: string
  readonly weight: number
}

/** The word that ends a chunk, upper case and standing alone. */
export const breakWord = 'BREAK'

/** Far above any prompt that means it: 1.1 to this power is 10^20. */
const deepest = 500

/** Throws a WorkflowError where brackets are nested so deep that it must be an accident. */
export function checkDepth(depth: number): void {
  if (depth > deepest) {
    throw new WorkflowError(
      `prompt: more than ${deepest} brackets are open at once, at most ${deepest} can be read; ` +
        'write \\( and \\[ for brackets that are text',
    )
  }
}
