import {
  applySettings,
  bindInputs,
  check,
  type Problem,
  readWorkflow,
  type Workflow,
} from '../../workflow/index.ts'
import type { ServerContext } from './context.ts'
import { HttpError, refusedWorkflow } from './errors.ts'

/** Values for a workflow before it runs. */
export interface Bindings {
  readonly inputs?: Readonly<Record<string, unknown>> | undefined
  readonly settings?: Readonly<Record<string, unknown>> | undefined
}

/** Reads a workflow from a request. Throws where it is none, and where it is far too large. */
export function workflowFrom(json: unknown, { limits }: Pick<ServerContext, 'limits'>): Workflow {
  const nodes = (json as { nodes?: unknown } | null | undefined)?.nodes
  const count = typeof nodes === 'object' && nodes !== null ? Object.keys(nodes).length : 0
  if (count > limits.nodes) {
    throw new HttpError(422, `workflow: ${count} nodes, at most ${limits.nodes} expected`)
  }
  return readWorkflow(json)
}

/** A workflow with its inputs and settings given. Throws a WorkflowError where they do not fit. */
export function boundWorkflow(
  json: unknown,
  { inputs = {}, settings = {} }: Bindings,
  context: ServerContext,
): Workflow {
  const { catalogue } = context.parts
  const bound = bindInputs(workflowFrom(json, context), inputs, catalogue)
  const list = Object.entries(settings).map(([target, value]) => ({ target, value }))
  return applySettings(bound, list, catalogue)
}

/** Every problem of a workflow, none where it can run. */
export async function problemsOf(
  workflow: Workflow,
  outputs: readonly string[] | undefined,
  { parts: { catalogue, lookup } }: Pick<ServerContext, 'parts'>,
): Promise<readonly Problem[]> {
  const { problems } = await check(workflow, catalogue, { lookup, ...(outputs && { outputs }) })
  return problems ?? []
}

/** Throws the answer 422 with all problems where a workflow cannot run. */
export async function refuseFaulty(
  workflow: Workflow,
  outputs: readonly string[] | undefined,
  context: ServerContext,
): Promise<void> {
  const problems = await problemsOf(workflow, outputs, context)
  if (problems.length > 0) throw refusedWorkflow(problems)
}
