import { z } from 'zod'
import type { App } from './app.ts'
import type { Route } from './route.ts'

/** Writes every route into the registry that the OpenAPI document is made of. */
export function describeRoutes(app: App, routes: readonly Route[], error: z.ZodType): void {
  const refusal = (description: string) => ({
    description,
    content: { 'application/json': { schema: error } },
  })
  for (const { method, path, title, query, body, reply, headers } of routes) {
    const names = [...path.matchAll(/\{(\w+)\+?\}/g)].map((match) => match[1] as string)
    const content =
      typeof reply === 'string'
        ? { [reply]: { schema: z.string() } }
        : { 'application/json': { schema: reply } }
    const isUpload = path.includes('/upload/')
    const bytes = { content: { 'application/octet-stream': { schema: z.string() } } }
    const json = body && { content: { 'application/json': { schema: body } } }
    const bodyOf = isUpload ? bytes : json
    app.openAPIRegistry.registerPath({
      ...{ method, summary: title },
      path: path.replaceAll('+}', '}'),
      request: {
        params: z.object(Object.fromEntries(names.map((name) => [name, z.string()]))),
        ...(query && { query }),
        headers: z.object(
          Object.fromEntries(
            Object.entries(headers).map(([name, what]) => [
              name,
              z.string().optional().describe(what),
            ]),
          ),
        ),
        ...(bodyOf && { body: bodyOf }),
      },
      responses: {
        200: { description: 'done', content },
        400: refusal('the request is not as expected'),
        401: refusal('a token is needed'),
        403: refusal('not from this address'),
        404: refusal('there is none'),
        409: refusal('not in this state, or stale'),
        413: refusal('too large'),
        422: refusal('a workflow or a file is not right'),
        429: refusal('too many requests'),
      },
    })
  }
}

/** The OpenAPI document, version 3.1. */
export function documentOf(app: App, version: string): object {
  return app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'mazeru',
      version,
      description:
        'Names in addresses: each part percent-encoded, "/" between parts. Events go over the ' +
        'WebSocket at /api/socket.',
    },
  })
}
