import { z } from 'zod'
import type { RunDetail } from '../../../protocol/index.ts'
import { submission } from '../../../protocol/index.ts'
import { callSchema, inputProblems } from '../call-schema.ts'
import type { ServerContext } from '../context.ts'
import { HttpError, notFound } from '../errors.ts'
import { param, type Route, route } from '../route.ts'
import { isOver } from '../run-events.ts'
import { answer, submitRun } from './runs.ts'

const callBody = submission.pick({
  ...({ inputs: true, settings: true, outputs: true } as const),
  ...({ priority: true, fresh: true, webhook: true } as const),
})

const callReply = z.object({
  run: z.string(),
  state: z.string(),
  outputs: z.record(z.string(), z.unknown()).optional(),
  files: z.record(z.string(), z.array(z.string())).optional(),
  error: z.string().optional(),
})

/** A saved workflow or template called like a function. */
export function callRoutes(context: ServerContext): Route[] {
  const { documents, runs, catalogue } = context.parts
  const present = async (name: string) => {
    const saved = (await documents.read(name))?.workflow ?? (await documents.template(name))
    if (!saved) throw notFound('workflow', name)
    return saved
  }
  return [
    route({
      method: 'get',
      path: '/run/{name+}',
      title: 'JSON Schema of the named inputs and outputs of a saved workflow',
      reply: z.object({
        name: z.string(),
        description: z.string().optional(),
        inputs: z.record(z.string(), z.unknown()),
        outputs: z.record(z.string(), z.unknown()),
      }),
      handle: async (call) => {
        const name = param(call, 'name')
        const workflow = await present(name)
        const { description } = workflow
        return { name, ...(description && { description }), ...callSchema(workflow, catalogue) }
      },
    }),
    route({
      method: 'post',
      path: '/run/{name+}',
      title: 'Run a saved workflow with named inputs: 200 with its outputs, or 202 with the run',
      headers: {
        Prefer: '"respond-async" for the run at once, "wait=5" for seconds',
        'Idempotency-Key': 'the same key gives the same run',
        'X-Client': 'who submits, for a fair queue',
      },
      query: z.object({ wait: z.coerce.number().min(0).max(600).optional() }),
      body: callBody,
      reply: callReply,
      handle: async (call) => {
        const name = param(call, 'name')
        const saved = await present(name)
        const problems = inputProblems(saved, call.body.inputs ?? {}, catalogue)
        if (problems.length > 0) throw new HttpError(422, problems[0]!.message, { problems })
        const { client, request, query } = call
        const key = request.headers.get('idempotency-key') ?? undefined
        const body = { ...call.body, workflow: { ...saved }, document: name }
        const submitted = await submitRun(body, client, key, context)
        const { run } = (await submitted.json()) as { run: { id: string } }
        const seconds = query.wait ?? preferred(request.headers.get('prefer') ?? '')
        const over = AbortSignal.any([request.signal, context.closing])
        await ended(run.id, seconds * 1000, over, context)
        const detail = runs.detail(run.id)
        return detail ? outcome(detail) : answer(202, { run: run.id, state: 'gone' })
      },
    }),
  ]
}

/** Seconds that the caller wants to wait, 30 unless said. */
function preferred(header: string): number {
  if (/\brespond-async\b/i.test(header)) return 0
  const wait = /\bwait=(\d{1,4})\b/i.exec(header)?.[1]
  return Math.min(600, wait === undefined ? 30 : Number(wait))
}

function outcome({ id, state, results = {}, error }: RunDetail): Response {
  if (!isOver(state)) {
    const headers = { Location: `/api/runs/${id}` }
    return Response.json({ run: id, state }, { status: 202, headers })
  }
  const outputs = Object.entries(results)
  const files = outputs.flatMap(([name, { files }]) =>
    files ? [[name, files.map(addressOf)] as const] : [],
  )
  const body = {
    ...{ run: id, state, outputs: results, files: Object.fromEntries(files) },
    ...(error !== undefined && { error }),
  }
  return answer(state === 'done' ? 200 : 500, body)
}

function addressOf(file: string): string {
  return `/api/library/output/file/${file.split('/').map(encodeURIComponent).join('/')}`
}

/** Resolves when the run is over, the time is up or the caller has gone. */
async function ended(
  id: string,
  milliseconds: number,
  signal: AbortSignal,
  { feed, parts }: ServerContext,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const look = () => {
    const run = parts.runs.get(id)
    if (!run || isOver(run.state)) resolve()
  }
  const timer = setTimeout(resolve, milliseconds)
  const off = feed.follow(look)
  signal.addEventListener('abort', () => resolve(), { once: true })
  look()
  await promise
  clearTimeout(timer)
  off()
}
