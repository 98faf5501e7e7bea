import { z } from 'zod'
import {
  retryRequest,
  runChange,
  runDetail,
  runFilter,
  runInfo,
  type Submission,
  submission,
} from '../../../protocol/index.ts'
import type { ServerContext } from '../context.ts'
import { HttpError, notFound } from '../errors.ts'
import { bytesReply, type Call, param, type Route, route } from '../route.ts'
import { runEvents } from '../run-events.ts'
import { boundWorkflow, refuseFaulty } from '../workflow-body.ts'

const oneRun = z.object({ run: runInfo })

/** Submitting, listing, opening, changing and ending runs. */
export function runRoutes(context: ServerContext): Route[] {
  const { runs, values } = context.parts
  const present = (call: Call) => {
    const id = param(call, 'id')
    const run = runs.get(id)
    if (!run) throw notFound('run', id)
    return run
  }
  return [
    route({
      method: 'post',
      path: '/api/runs',
      title: 'Submit a run; 200 with the former one where the key was used before',
      headers: {
        'Idempotency-Key': 'the same key gives the same run',
        'X-Client': 'who submits, for a fair queue',
      },
      body: submission,
      reply: oneRun,
      handle: ({ body, client, request }) =>
        submitRun(body, client, request.headers.get('idempotency-key') ?? undefined, context),
    }),
    route({
      method: 'get',
      path: '/api/runs',
      title: 'Runs, newest first',
      query: runFilter,
      reply: z.object({ runs: z.array(runInfo) }),
      handle: ({ query }) => ({ runs: runs.list(query) }),
    }),
    route({
      method: 'get',
      path: '/api/runs/{id}',
      title: 'A run with the status of its nodes and its results',
      reply: runDetail,
      handle: (call) => runs.detail(present(call).id),
    }),
    route({
      method: 'patch',
      path: '/api/runs/{id}',
      title: 'Change a run that waits',
      body: runChange,
      reply: oneRun,
      handle: async (call) => {
        const { id } = present(call)
        const { workflow, settings } = call.body
        if (workflow || settings) {
          const given = workflow ?? runs.detail(id)?.workflow
          const { outputs } = runs.detail(id) ?? {}
          await refuseFaulty(boundWorkflow(given, { settings }, context), outputs, context)
        }
        return { run: runs.change(id, call.body) }
      },
    }),
    route({
      method: 'delete',
      path: '/api/runs/{id}',
      title: 'Forget a run that has ended',
      reply: z.object({ removed: z.boolean() }),
      handle: (call) => {
        const { id, state } = present(call)
        if (state === 'running') {
          throw new HttpError(409, `run ${id}: running, one that has ended expected; cancel it`)
        }
        return { removed: runs.remove(id) }
      },
    }),
    route({
      method: 'post',
      path: '/api/runs/{id}/cancel',
      title: 'End a run',
      reply: oneRun,
      handle: (call) => {
        const run = present(call)
        context.running.cancel(run.id)
        return { run: runs.get(run.id) ?? run }
      },
    }),
    route({
      method: 'post',
      path: '/api/runs/{id}/retry',
      title: 'Run again, from what failed or from the start',
      body: retryRequest,
      reply: oneRun,
      handle: async (call) => {
        const { id } = present(call)
        const { workflow } = call.body
        if (workflow) {
          const { outputs } = runs.detail(id) ?? {}
          await refuseFaulty(boundWorkflow(workflow, {}, context), outputs, context)
        }
        return answer(201, { run: runs.retry(id, call.body, call.client) })
      },
    }),
    route({
      method: 'post',
      path: '/api/runs/{id}/settings',
      title: 'Change params of a run that is running: {"node.param": value}',
      body: z.strictObject({ settings: z.record(z.string(), z.unknown()) }),
      reply: z.object({ applied: z.record(z.string(), z.enum(['now', 'next-run'])) }),
      handle: async (call) => {
        const { id } = present(call)
        const applied: Record<string, string> = {}
        for (const [target, value] of Object.entries(call.body.settings)) {
          const dot = target.indexOf('.')
          const place = dot < 0 ? [target, ''] : [target.slice(0, dot), target.slice(dot + 1)]
          const [node = '', name = ''] = place
          applied[target] = (await context.running.set(id, node, name, value)).applied
        }
        return { applied }
      },
    }),
    route({
      method: 'get',
      path: '/api/runs/{id}/events',
      title: 'Events of a run as server-sent events; ends with the run',
      headers: { 'Last-Event-ID': 'the last event seen; those after it follow' },
      reply: 'text/event-stream',
      handle: (call) => runEvents(present(call).id, call.request, context),
    }),
    route({
      method: 'get',
      path: '/api/runs/{id}/values/{node}/{output}/{index}',
      title: 'A picture of what is on a wire',
      reply: 'image/webp',
      handle: async (call) => {
        const { id } = present(call)
        const [node, output, index] = ['node', 'output', 'index'].map((name) => param(call, name))
        const bytes = /^\d{1,6}$/.test(index!)
          ? await values.get(id, node!, output!, Number(index))
          : undefined
        if (!bytes) throw notFound('picture', `${node}.${output} ${index}`)
        return bytesReply(bytes, 'image/webp', { 'Cache-Control': 'private, max-age=86400' })
      },
    }),
  ]
}

/** Puts a checked run into the queue; answers 201, or 200 where the key was used before. */
export async function submitRun(
  body: Submission,
  client: string,
  key: string | undefined,
  context: ServerContext,
): Promise<Response> {
  if (key !== undefined && (key.length > 200 || key === '')) {
    throw new HttpError(400, `Idempotency-Key: ${key.length} characters, 1 to 200 expected`)
  }
  const { inputs, settings, ...rest } = body
  const workflow = boundWorkflow(body.workflow, { inputs, settings }, context)
  await refuseFaulty(workflow, body.outputs, context)
  const who = { client, ...(key !== undefined && { key }) }
  const { run, isNew } = context.parts.runs.submit({ ...rest, workflow: { ...workflow } }, who)
  return answer(isNew ? 201 : 200, { run })
}

/** JSON with a status. */
export function answer(status: number, body: unknown): Response {
  return Response.json(body, { status })
}
