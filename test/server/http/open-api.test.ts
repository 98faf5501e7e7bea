import { afterAll, beforeAll, expect, it } from 'vitest'
import { allRoutes } from '../../../engine/server/http/app.ts'
import { ask, desk } from './support.ts'

let table: Awaited<ReturnType<typeof desk>>
beforeAll(async () => {
  table = await desk()
})
afterAll(() => table.end())

interface Operation {
  readonly summary: string
  readonly parameters?: readonly { name: string; in: string; required?: boolean }[]
  readonly requestBody?: object
  readonly responses: Record<string, { content: object }>
}

type Document = {
  openapi: string
  info: object
  paths: Record<string, Record<string, Operation>>
}

async function document(): Promise<Document> {
  return (await ask(table.port, 'GET', '/openapi.json')).json as unknown as Document
}

it('the OpenAPI document lists every route with its params, body and answers', async () => {
  const { openapi, paths } = await document()
  expect(openapi).toBe('3.1.0')
  const context = { parts: table.parts } as unknown as Parameters<typeof allRoutes>[0]
  const routes = allRoutes(context)
  const listed = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  )
  const written = routes.map(({ method, path }) => `${method} ${path.replaceAll('+}', '}')}`)
  expect(listed.sort()).toEqual(written.sort())
  for (const { method, path, body, title } of routes) {
    const operation = paths[path.replaceAll('+}', '}')]![method]!
    expect(operation.summary).toBe(title)
    expect(operation.requestBody !== undefined).toBe(
      body !== undefined || path.includes('/upload/'),
    )
    const inPath = (operation.parameters ?? []).filter((one) => one.in === 'path')
    const names = [...path.matchAll(/\{(\w+)\+?\}/g)].map((match) => match[1])
    expect(inPath.map(({ name }) => name)).toEqual(names)
    expect(inPath.every(({ required }) => required)).toBe(true)
    expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(['200', '404']))
  }
})

it('every reference in the OpenAPI document leads somewhere', async () => {
  const whole = await document()
  const text = JSON.stringify(whole)
  for (const [, path] of text.matchAll(/"\$ref":"#\/([^"]+)"/g)) {
    const target = path!
      .split('/')
      .reduce<unknown>((here, key) => (here as Record<string, unknown> | undefined)?.[key], whole)
    expect(target, path).toBeDefined()
  }
  for (const [path, methods] of Object.entries(whole.paths)) {
    expect(path).toMatch(/^\/[\w/{}.-]*$/)
    for (const { parameters = [] } of Object.values(methods)) {
      const names = parameters.map((one) => `${one.in} ${one.name}`)
      expect(new Set(names).size).toBe(names.length)
    }
  }
})

it('an address of the interface that is none says where they are listed', async () => {
  const none = await ask(table.port, 'GET', '/api/none')
  expect([none.status, none.json.error]).toEqual([
    404,
    'address: nothing here, one listed in /openapi.json expected',
  ])
  expect((await ask(table.port, 'POST', '/api/none')).status).toBe(404)
})

it('figures for Prometheus are lines of name, labels and number', async () => {
  const { text, headers } = await ask(table.port, 'GET', '/metrics')
  expect(headers['content-type']).toContain('version=0.0.4')
  const lines = text.trimEnd().split('\n')
  const sample = /^mazeru_\w+(\{\w+="[^"]*"\})? -?\d+(\.\d+)?(e[+-]?\d+)?$/
  expect(lines.filter((line) => !line.startsWith('# ') && !sample.test(line))).toEqual([])
  expect(text).toContain('mazeru_queue_waiting 0')
  expect(text).toMatch(/mazeru_http_answers_total\{status="404"\} \d+/)
})

it('a server without executors lives, and is not ready', async () => {
  expect((await ask(table.port, 'GET', '/health')).json).toEqual({ status: 'ok' })
  expect((await ask(table.port, 'GET', '/ready')).status).toBe(503)
})

it('a prompt is counted in tokens and chunks of 75', async () => {
  const count = async (text: string) =>
    (await ask(table.port, 'POST', '/api/tokens', { body: { text } })).json
  expect(await count('a photo of a cat')).toEqual({
    ...{ count: 5, chunks: 1, borders: [] },
    tokens: [320, 1125, 539, 320, 2368],
  })
  expect(await count(Array(80).fill('cat').join(' '))).toMatchObject({
    ...{ count: 80, chunks: 2, borders: [75 * 4 - 1] },
  })
  expect(await count('(red:1.2)')).toMatchObject({ count: 1, tokens: [736] })
  expect(
    (
      await ask(table.port, 'POST', '/api/tokens', {
        body: { text: `${'('.repeat(600)}x${')'.repeat(600)}` },
      })
    ).status,
  ).toBe(422)
})
