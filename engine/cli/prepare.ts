import { FormatError, WorkflowError } from '../errors.ts'
import {
  applySettings,
  bindInputs,
  type Catalogue,
  check,
  type Lookup,
  type Plan,
  type Problem,
  parseWorkflow,
  plan,
  type Workflow,
} from '../workflow/index.ts'
import { inputsOf, settingsOf } from './settings.ts'
import type { WorkflowSource } from './source.ts'

/** Changes to a workflow from the command line. */
export interface EditOptions {
  /** `node.param=value`. */
  set?: readonly string[] | undefined
  /** `name=value`. */
  input?: readonly string[] | undefined
  /** Named outputs, node ids or `node.output`: only these are wanted. */
  output?: readonly string[] | undefined
}

/** A plan, or all that stands against one. */
export type Prepared =
  | { plan: Plan; problems?: undefined }
  | { problems: readonly Problem[]; plan?: undefined }

/**
 * From the text of a workflow to a plan: parse, settings, named inputs, check, plan.
 * Throws WorkflowError where the text is no workflow or a setting fits nothing in it.
 */
export async function prepare(
  source: WorkflowSource,
  options: EditOptions,
  catalogue: Catalogue,
  lookup: Lookup,
): Promise<Prepared> {
  const workflow = edited(source, options, catalogue)
  const outputs = options.output ? { outputs: options.output } : {}
  const checked = await check(workflow, catalogue, { lookup, ...outputs })
  if (checked.problems) return { problems: checked.problems }
  return { plan: plan(checked.graph, outputs) }
}

/** Here the workflow itself is the bad file, so it is the workflow that must be edited. */
function edited(
  { name, text }: WorkflowSource,
  { set = [], input = [] }: EditOptions,
  catalogue: Catalogue,
): Workflow {
  try {
    const bound = bindInputs(parseWorkflow(text, name), inputsOf(input), catalogue)
    return applySettings(bound, settingsOf(set), catalogue)
  } catch (thrown) {
    if (thrown instanceof FormatError) throw new WorkflowError(thrown.message, { cause: thrown })
    throw thrown
  }
}
