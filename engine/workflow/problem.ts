/** Every way in which a workflow can be wrong before it runs. */
export type ProblemCode =
  | 'unknown-type'
  | 'unknown-version'
  | 'unknown-node'
  | 'unknown-socket'
  | 'unknown-param'
  | 'unknown-file'
  | 'unknown-output'
  | 'missing-input'
  | 'missing-item'
  | 'too-many-items'
  | 'wrong-type'
  | 'cycle'
  | 'bad-param'
  | 'bad-file'

/** One thing to mend, with the place and a sentence that says how. */
export interface Problem {
  readonly code: ProblemCode
  readonly node?: string
  readonly socket?: string
  readonly param?: string
  /** Name of a named input of the workflow. */
  readonly input?: string
  /** Name of a named output of the workflow. */
  readonly output?: string
  readonly message: string
}
