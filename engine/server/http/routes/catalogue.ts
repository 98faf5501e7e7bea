import { z } from 'zod'
import { catalogueOf } from '../../../protocol/catalogue-of.ts'
import { catalogueReply } from '../../../protocol/index.ts'
import { catalogueSchema } from '../../../workflow/index.ts'
import type { ServerContext } from '../context.ts'
import { type Route, route } from '../route.ts'
import { problemsOf, workflowFrom } from '../workflow-body.ts'

const checkRequest = z.strictObject({
  workflow: z.record(z.string(), z.unknown()),
  outputs: z.array(z.string()).optional(),
})

/** Node types and the check of a workflow. */
export function catalogueRoutes(context: ServerContext): Route[] {
  const { catalogue } = context.parts
  return [
    route({
      method: 'get',
      path: '/api/catalogue',
      title: 'Node types with sockets and params',
      reply: catalogueReply,
      handle: () => ({ nodes: catalogueOf(catalogue) }),
    }),
    route({
      method: 'get',
      path: '/api/schema',
      title: 'JSON Schema of a workflow file',
      reply: z.record(z.string(), z.unknown()),
      handle: () => catalogueSchema(catalogue),
    }),
    route({
      method: 'post',
      path: '/api/check',
      title: 'Every problem of a workflow, without running it',
      body: checkRequest,
      reply: z.object({ problems: z.array(z.record(z.string(), z.unknown())) }),
      handle: async ({ body: { workflow, outputs } }) => ({
        problems: await problemsOf(workflowFrom(workflow, context), outputs, context),
      }),
    }),
  ]
}
