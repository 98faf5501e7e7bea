import type { Submission } from '../../protocol/index.ts'
import {
  applySettings,
  bindInputs,
  type Catalogue,
  readWorkflow,
  type Workflow,
} from '../../workflow/index.ts'
import { demandTarget, type WebhookRules } from './webhook-target.ts'

/** What a submission asks to be run: the workflow with its values in it. */
export interface Work {
  /** JSON. */
  readonly workflow: string
  /** Its node types, each once, for the search. */
  readonly types: string
}

/**
 * Reads a workflow and puts the values in. Throws a WorkflowError or a FormatError that says what
 * is wrong; whether the graph is sound is left to the check.
 */
export function readWork(
  json: unknown,
  { inputs, settings }: Pick<Submission, 'inputs' | 'settings'>,
  catalogue: Catalogue,
): Work {
  const read = readWorkflow(json)
  const bound = inputs ? bindInputs(read, inputs, catalogue) : read
  const given = Object.entries(settings ?? {}).map(([target, value]) => ({ target, value }))
  return workOf(given.length > 0 ? applySettings(bound, given, catalogue) : bound)
}

function workOf(workflow: Workflow): Work {
  const types = new Set(Object.values(workflow.nodes).map(({ type }) => type))
  return { workflow: JSON.stringify(workflow), types: [...types].join(' ') }
}

/** A webhook as it is kept. Throws a WorkflowError where it may not be called. */
export function readWebhook(
  { webhook }: Pick<Submission, 'webhook'>,
  rules: WebhookRules,
): string | null {
  if (!webhook) return null
  demandTarget(webhook.url, rules)
  return JSON.stringify(webhook)
}

/** What the search looks through: lower case, one line a subject. */
export function searchWords(...parts: readonly (string | null | undefined)[]): string {
  return parts
    .filter((part) => part !== null && part !== undefined)
    .join('\n')
    .toLowerCase()
}
