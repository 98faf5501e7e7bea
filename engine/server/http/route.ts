import type { IncomingMessage } from 'node:http'
import type { z } from 'zod'
import { HttpError } from './errors.ts'
import { describeIssues } from './issues.ts'

/** What a route's function is given. */
export interface Call<Query = unknown, Body = unknown> {
  readonly query: Query
  readonly body: Body
  /** Decoded parts of the address. */
  readonly params: Readonly<Record<string, string>>
  readonly request: Request
  readonly incoming: IncomingMessage | undefined
  /** Who asks: the header `X-Client`, else the address. */
  readonly client: string
}

/** A route as a table lists it. */
export interface Route {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete'
  /** `{name}` is one part of the address, `{name+}` all that follow. */
  readonly path: string
  readonly title: string
  readonly query: z.ZodObject | undefined
  readonly body: z.ZodType | undefined
  /** Schema of the JSON answer, or the type of its bytes. */
  readonly reply: z.ZodType | string
  /** Headers that it looks at, with what they are for. */
  readonly headers: Readonly<Record<string, string>>
  /** Anything but a Response is answered as JSON. */
  handle(call: Call): unknown
}

/** How a route is written down. */
export interface RouteSpec<Query extends z.ZodObject, Body extends z.ZodType> {
  readonly method: Route['method']
  readonly path: string
  readonly title: string
  readonly query?: Query
  readonly body?: Body
  readonly reply: z.ZodType | string
  readonly headers?: Readonly<Record<string, string>>
  handle(call: Call<z.output<Query>, z.output<Body>>): unknown
}

/** Ties the types of query and body to the function that gets them. */
export function route<Query extends z.ZodObject, Body extends z.ZodType>(
  spec: RouteSpec<Query, Body>,
): Route {
  return {
    ...spec,
    query: spec.query,
    body: spec.body,
    headers: spec.headers ?? {},
    handle: (call) => spec.handle(call as Call<z.output<Query>, z.output<Body>>),
  }
}

/** A part of the address. */
export function param(call: Call, name: string): string {
  const value = call.params[name]
  if (value === undefined) throw new HttpError(404, `address: no ${name}, one expected`)
  return value
}

/** Parses what came from outside; throws the answer 400 that lists every fault. */
export function parsed<Schema extends z.ZodType>(
  what: string,
  schema: Schema,
  value: unknown,
): z.output<Schema> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const sentences = describeIssues(what, result.error, value)
  throw new HttpError(400, sentences[0] ?? `${what}: not as expected`, {
    ...(sentences.length > 1 && { problems: sentences.map((message) => ({ message })) }),
  })
}

/** Reads a body up to `most` bytes; throws the answer 413 where it is longer. */
export async function readBody(request: Request, most: number): Promise<string> {
  const tooLong = () => new HttpError(413, `body: larger than ${most} bytes, at most that expected`)
  if (Number(request.headers.get('content-length') ?? 0) > most) throw tooLong()
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let text = ''
  let bytes = 0
  if (!request.body) return text
  try {
    for await (const chunk of request.body) {
      bytes += chunk.length
      if (bytes > most) throw tooLong()
      text += decoder.decode(chunk, { stream: true })
    }
    return text + decoder.decode()
  } catch (cause) {
    if (cause instanceof HttpError) throw cause
    throw new HttpError(400, 'body: broken off or no UTF-8 text, whole JSON expected')
  }
}

/** Reads a JSON body; an empty one is `{}`. */
export async function readJson(request: Request, most: number): Promise<unknown> {
  const text = await readBody(request, most)
  if (text.trim() === '') return {}
  try {
    return JSON.parse(text)
  } catch {
    throw new HttpError(400, 'body: no JSON, JSON expected')
  }
}

/** An answer of bytes. */
export function bytesReply(
  bytes: Uint8Array,
  type: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const body = bytes as Uint8Array<ArrayBuffer>
  return new Response(body, { headers: { 'Content-Type': type, ...headers } })
}
