import type { ActionWord } from '../words/actions.ts'

/** Something a person can do, by menu, key or command palette. */
export interface Action {
  readonly name: string
  readonly word: ActionWord
  readonly group: 'File' | 'Edit' | 'Run' | 'View' | 'Panel'
  /** As tinykeys reads them; the first is shown. */
  readonly keys?: readonly string[]
  /** Its keys count while a text is being edited too. */
  readonly everywhere?: boolean
  readonly enabled: () => boolean
  readonly run: () => unknown
}
