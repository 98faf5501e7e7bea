/** The workflow file and what is wrong with one, as types only: nothing of it is loaded. */

export type { Problem, ProblemCode } from '../workflow/problem.ts'
export type { NodeEntry, Workflow } from '../workflow/schema.ts'
