import type { ClientMessage, ServerMessage } from '../../protocol/index.ts'
import type { ServerContext } from '../http/context.ts'
import { refusalOf } from '../http/errors.ts'
import { problemsOf, workflowFrom } from '../http/workflow-body.ts'

type CheckMessage = Extract<ClientMessage, { type: 'check' }>

/** Checks of one editor: one at a time, and of those that wait only the newest. */
export interface Checks {
  ask(message: CheckMessage): void
  stop(): void
}

/** A check that was overtaken is not answered. */
export function createChecks(
  context: ServerContext,
  tell: (message: ServerMessage) => void,
): Checks {
  let next: CheckMessage | undefined
  let isBusy = false
  let isStopped = false
  const work = async () => {
    isBusy = true
    while (next && !isStopped) {
      const message = next
      next = undefined
      const answer = await checked(message, context)
      if (!next && !isStopped) tell(answer)
    }
    isBusy = false
  }
  return {
    ask(message) {
      next = message
      if (!isBusy) void work()
    },
    stop: () => {
      isStopped = true
    },
  }
}

async function checked(
  { request, workflow, outputs }: CheckMessage,
  context: ServerContext,
): Promise<ServerMessage> {
  try {
    const problems = await problemsOf(workflowFrom(workflow, context), outputs, context)
    return { type: 'checked', request, problems: [...problems] }
  } catch (thrown) {
    const { body, isBug } = refusalOf(thrown)
    if (isBug) context.log.error({ err: thrown }, 'check failed')
    const message = String(body.error)
    return { type: 'checked', request, problems: [{ code: 'bad-workflow', message }] }
  }
}
