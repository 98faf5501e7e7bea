import { WorkflowError } from '../../errors.ts'
import type { OpenDocument } from './types.ts'

/** A document was to be saved over a revision that the writer has not seen. */
export class StaleError extends WorkflowError {
  /** As it is now; undefined where there is none any more. */
  readonly present: OpenDocument | undefined

  constructor(name: string, revision: number, present: OpenDocument | undefined) {
    const now = present ? `revision ${present.revision}` : 'no such workflow'
    super(`${name}: revision ${revision} given, ${now} is there; look at it before you save`)
    this.present = present
    Object.defineProperty(this, 'name', { value: 'StaleError' })
  }
}
