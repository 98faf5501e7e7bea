/** The graph engine: what a host of workflows uses. It knows nothing of diffusion. */
export {
  type Cache,
  type CacheDisk,
  type CacheOptions,
  type Codec,
  createCache,
  type Hit,
} from './cache.ts'
export { type Catalogue, catalogueSchema, createCatalogue, nodeSchema } from './catalogue.ts'
export { type CheckOptions, type CheckResult, check } from './check.ts'
export type { NodeContext, Progress } from './context.ts'
export {
  type DefineNode,
  definePlainNode,
  definer,
  type NodeDefinition,
  type NodeSource,
  type Purity,
  type RepeatSpec,
  type SocketSpec,
  type SocketSpecs,
} from './define.ts'
export type { RunEvent, RunReport, RunStatus } from './events.ts'
export { type Change, type ExplainOptions, type Explanation, explain } from './explain.ts'
export {
  fileMigrations,
  type Migrations,
  migrateFile,
  parseWorkflow,
  printWorkflow,
  readWorkflow,
} from './file.ts'
export type { CheckedGraph, CheckedNode } from './graph.ts'
export { parseJson } from './json.ts'
export type { Lookup } from './lookup.ts'
export { type Plan, type PlanOptions, plan, type Wanted } from './plan.ts'
export type { Problem, ProblemCode } from './problem.ts'
export type { RecordedNode, RunRecord } from './record.ts'
export type { NodeReport, RunResult, SetResult } from './report.ts'
export { type Run, type RunOptions, startRun } from './run.ts'
export {
  currentVersion,
  type NodeEntry,
  parsePlace,
  type Workflow,
  workflowSchema,
} from './schema.ts'
export { applySettings, bindInputs, type Setting } from './settings.ts'
export {
  type InputSocket,
  type NodeShape,
  type ParamShape,
  portOf,
  type RepeatShape,
} from './shape.ts'
export { parseSocketType, printSocketType, type SocketType, unify } from './socket-type.ts'
export type { RunInputs, RunParams, ValueOf } from './values.ts'
