import type { IncomingMessage } from 'node:http'
import type { HttpBindings } from '@hono/node-server'
import { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { errorReply } from '../../protocol/index.ts'
import type { ServerContext } from './context.ts'
import { editorFile } from './editor-files.ts'
import { HttpError, refusalOf } from './errors.ts'
import { describeRoutes, documentOf } from './open-api.ts'
import { createRateLimit, type RateLimit } from './rate-limit.ts'
import { type Call, parsed, type Route, readJson } from './route.ts'
import { callRoutes } from './routes/call.ts'
import { catalogueRoutes } from './routes/catalogue.ts'
import { datasetRoutes } from './routes/datasets.ts'
import { libraryRoutes } from './routes/library.ts'
import { pictureRoutes } from './routes/pictures.ts'
import { queueRoutes } from './routes/queue.ts'
import { runRoutes } from './routes/runs.ts'
import { systemRoutes } from './routes/system.ts'
import { workflowRoutes } from './routes/workflows.ts'
import { type Access, type Caller, safeHeaders } from './security.ts'
import { askForToken, signedIn } from './sign-in.ts'

/** What hono hands on to our routes. */
export type App = OpenAPIHono<{ Bindings: HttpBindings }>
type HonoContext = Context<{ Bindings: HttpBindings }>

/** Addresses that need no token: they tell nothing. */
const open = new Set(['/health', '/ready'])

/** Wrong tokens that an address may try. */
const guesses = { burst: 20, perSecond: 0.5 }

/** All routes of the server, in the order in which they are tried. */
export function allRoutes(context: ServerContext): Route[] {
  return [
    ...catalogueRoutes(context),
    ...workflowRoutes(context),
    ...runRoutes(context),
    ...queueRoutes(context),
    ...libraryRoutes(context),
    ...pictureRoutes(context),
    ...datasetRoutes(context),
    ...callRoutes(context),
    ...systemRoutes(context),
  ]
}

/** The HTTP side of the server. */
export function createApp(context: ServerContext, access: Access): App {
  const app: App = new OpenAPIHono()
  const { limits, clock, counts, log } = context
  const writes = createRateLimit(limits.writes, clock)
  const wrongTokens = createRateLimit(guesses, clock)
  app.use('*', async (c, next) => {
    const started = clock()
    const refusal = admit(c, access, writes, wrongTokens)
    if (refusal) c.res = refusal
    else await next()
    for (const [name, value] of Object.entries(safeHeaders)) c.res.headers.set(name, value)
    const { status } = c.res
    counts.answers.set(status, (counts.answers.get(status) ?? 0) + 1)
    const { method, path } = c.req
    log.debug({ method, path, status, ms: Math.round(clock() - started) }, 'answered')
  })
  app.onError((thrown, c) => refusalReply(thrown, c, context))
  const routes = allRoutes(context)
  for (const one of routes) {
    app.on(one.method.toUpperCase(), honoPath(one.path), (c) => handle(one, c, context))
  }
  describeRoutes(app, routes, errorReply)
  app.get('/openapi.json', (c) => c.json(documentOf(app, context.version)))
  app.all('/api/*', () => {
    throw new HttpError(404, 'address: nothing here, one listed in /openapi.json expected')
  })
  app.get('*', async (c) => {
    const { editor } = context.parts.folders
    const file = editor === undefined ? undefined : await editorFile(editor, c.req.raw)
    if (file) return file
    throw new HttpError(404, 'address: nothing here, the editor or one in /openapi.json expected')
  })
  app.notFound(() => Response.json({ error: 'address: nothing here' }, { status: 404 }))
  return app
}

async function handle(one: Route, c: HonoContext, context: ServerContext): Promise<Response> {
  const { raw } = c.req
  const params = paramsOf(one.path, c.req.param() as Record<string, string>)
  const body = one.body
    ? parsed('body', one.body, await readJson(raw, context.limits.body))
    : undefined
  const query = one.query ? parsed('query', one.query, c.req.query()) : undefined
  const call: Call = {
    ...{ query, body, params, request: raw, incoming: c.env?.incoming },
    client: clientOf(c),
  }
  const result = await one.handle(call)
  return result instanceof Response ? result : Response.json(result)
}

const longName = /\{(\w+)\+\}(.*)$/

/**
 * A route's path as hono writes it. What follows a name with `/` goes into that name's pattern:
 * by itself it would give way to the route that takes all.
 */
function honoPath(path: string): string {
  const whole = path.replace(longName, (_, name: string, tail: string) => {
    return `:${name}{.+${tail.replace(/\{\w+\}/g, '[^/]+')}}`
  })
  return whole.replace(/\/\{(\w+)\}/g, '/:$1')
}

/** The parts of an address that matched `honoPath`. */
function paramsOf(path: string, found: Readonly<Record<string, string>>): Record<string, string> {
  const [, name, tail] = longName.exec(path) ?? []
  if (!name || !tail) return found
  const pattern = `^(?<${name}>.+)${tail.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`
  return { ...found, ...new RegExp(pattern, 's').exec(found[name] ?? '')?.groups }
}

function clientOf(c: HonoContext): string {
  return c.req.header('x-client')?.slice(0, 100) || addressOf(c.env?.incoming)
}

function addressOf(incoming: IncomingMessage | undefined): string {
  return incoming?.socket.remoteAddress ?? 'local'
}

/** An answer in place of the route's, or nothing where the request may pass. Throws refusals. */
function admit(
  c: HonoContext,
  access: Access,
  writes: RateLimit,
  wrongTokens: RateLimit,
): Response | undefined {
  const caller: Caller = { method: c.req.method, header: (name) => c.req.header(name) }
  const address = addressOf(c.env?.incoming)
  access.admit(caller)
  const isReading = caller.method === 'GET' || caller.method === 'HEAD'
  if (!isReading && !writes.take(address)) throw tooMany(writes)
  if (open.has(c.req.path)) return undefined
  const url = new URL(c.req.url)
  const isAsking = isReading && url.searchParams.has('token')
  if (access.needsToken && isAsking) {
    const answer = signedIn(access, url, url.protocol === 'https:')
    if (answer) return answer
  }
  if (access.knows(caller)) return undefined
  const hasTried = isAsking || ['authorization', 'cookie'].some((name) => caller.header(name))
  if (hasTried && !wrongTokens.take(address)) throw tooMany(wrongTokens)
  if (isReading && caller.header('accept')?.includes('text/html')) return askForToken(hasTried)
  const found = hasTried ? 'another one' : 'none given'
  throw new HttpError(401, `token: ${found}, that of this server expected`, {}, bearer)
}

const bearer = { 'WWW-Authenticate': 'Bearer' }

function tooMany({ waitSeconds }: RateLimit): HttpError {
  const headers = { 'Retry-After': String(waitSeconds) }
  return new HttpError(
    429,
    'requests: too many at once, fewer expected; wait a moment',
    {},
    headers,
  )
}

function refusalReply(thrown: unknown, c: HonoContext, { log }: ServerContext): Response {
  const { status, body, headers, isBug } = refusalOf(thrown)
  if (isBug) log.error({ err: thrown, method: c.req.method, path: c.req.path }, 'failed')
  return Response.json(body, { status, headers: { ...safeHeaders, ...headers } })
}
