import type { Executor, ValuePictures, Workbench } from '../executor/types.ts'
import type { Catalogue, Lookup } from '../workflow/index.ts'
import type { Documents } from './documents/types.ts'
import type { Library } from './library/types.ts'
import type { Journal, RunStore } from './queue/types.ts'

/** All that the HTTP routes and the WebSocket stand on. */
export interface Parts {
  readonly catalogue: Catalogue
  /** For checks: headers and fingerprints of the configured folders. */
  readonly lookup: Lookup
  readonly runs: RunStore
  readonly journal: Journal
  readonly documents: Documents
  readonly library: Library
  readonly executors: readonly Executor[]
  readonly workbench: Workbench
  readonly values: ValuePictures
  readonly folders: {
    readonly models: readonly string[]
    readonly input: string
    readonly output: string
    readonly workflows: string
    /** Built editor; absent where there is none. */
    readonly editor: string | undefined
  }
}
