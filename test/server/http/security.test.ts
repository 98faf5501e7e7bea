import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRateLimit } from '../../../engine/server/http/rate-limit.ts'
import { createAccess } from '../../../engine/server/http/security.ts'
import { ask, connect, desk } from './support.ts'

type Desk = Awaited<ReturnType<typeof desk>>
const token = 'a-token-for-tests'
let open: Desk
let guarded: Desk

beforeAll(async () => {
  open = await desk()
  guarded = await desk({ token })
})
afterAll(() => Promise.all([open.end(), guarded.end()]))

const hello = { type: 'hello', client: 'tab' } as const

describe('a server on this machine', () => {
  it('answers its own names and refuses every other Host', async () => {
    const status = async (host: string) =>
      (await ask(open.port, 'GET', '/api/queue', { headers: { host } })).status
    const own = [`127.0.0.1:${open.port}`, 'localhost', `LOCALHOST:${open.port}`, '[::1]:1']
    expect(await Promise.all(own.map(status))).toEqual([200, 200, 200, 200])
    const foreign = ['evil.example', 'localhost.evil.example', '10.0.0.1', 'a@localhost']
    expect(await Promise.all(foreign.map(status))).not.toContain(200)
  })

  it('changes nothing for a page of another origin', async () => {
    const pause = (headers: Record<string, string>) =>
      ask(open.port, 'POST', '/api/queue', { headers, body: { paused: true } })
    for (const origin of ['http://evil.example', 'null', `http://localhost:${open.port + 1}`]) {
      const { status, json } = await pause({ origin })
      expect([status, json.error]).toEqual([403, expect.stringMatching(/^Origin: .* expected$/)])
    }
    expect((await pause({ 'sec-fetch-site': 'cross-site' })).status).toBe(403)
    expect(open.runs.queue.paused).toBe(false)
    expect((await pause({ origin: `http://127.0.0.1:${open.port}` })).status).toBe(200)
    expect(open.runs.queue.paused).toBe(true)
  })

  it('opens no socket for a page of another origin or a foreign Host', async () => {
    await expect(connect(open.port, { origin: 'http://evil.example' })).rejects.toThrow('403')
    await expect(connect(open.port, { host: 'evil.example' })).rejects.toThrow('403')
    const editor = await connect(open.port, { origin: `http://127.0.0.1:${open.port}` })
    editor.socket.close()
  })

  it('sends headers that forbid embedding and foreign scripts with every answer', async () => {
    const answers = await Promise.all(
      ['/api/queue', '/nowhere', '/api/runs/none'].map((path) => ask(open.port, 'GET', path)),
    )
    const refused = await ask(open.port, 'GET', '/', { headers: { host: 'evil.example' } })
    for (const { headers } of [...answers, refused]) {
      expect(headers).toMatchObject({
        'x-frame-options': 'DENY',
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cross-origin-opener-policy': 'same-origin',
      })
      const policy = String(headers['content-security-policy'])
      expect(policy).toContain("frame-ancestors 'none'")
      expect(policy).toContain("default-src 'self'")
      expect(policy).not.toMatch(/script-src|unsafe-eval/)
      expect(headers['access-control-allow-origin']).toBeUndefined()
    }
  })

  it('refuses a body that is too large, and one that is no JSON', async () => {
    const small = await desk({ limits: { body: 1000 } })
    const put = (body: string, headers = {}) =>
      ask(small.port, 'PUT', '/api/workflows/a', { body, headers })
    expect((await put('x'.repeat(1001))).status).toBe(413)
    expect((await put(`"${'x'.repeat(2000)}"`, { 'transfer-encoding': 'chunked' })).status).toBe(
      413,
    )
    expect((await put('{"revision":')).json.error).toBe('body: no JSON, JSON expected')
    expect((await put('\u00ff')).status).toBe(400)
    await small.end()
  })

  it('lets an address change things only so often', async () => {
    const strict = await desk({ limits: { writes: { burst: 3, perSecond: 0.1 } } })
    const pause = () => ask(strict.port, 'POST', '/api/queue', { body: { paused: false } })
    const answers = [await pause(), await pause(), await pause(), await pause()]
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429])
    expect(answers[3]?.headers['retry-after']).toBe('10')
    expect((await ask(strict.port, 'GET', '/api/queue')).status).toBe(200)
    await strict.end()
  })
})

describe('a server with a token', () => {
  const get = (headers: Record<string, string> = {}, path = '/api/queue') =>
    ask(guarded.port, 'GET', path, { headers })

  it('answers nobody who does not know it, but says that it lives', async () => {
    const { status, json, headers } = await get()
    expect([status, json.error]).toEqual([401, 'token: none given, that of this server expected'])
    expect(headers['www-authenticate']).toBe('Bearer')
    expect((await get({ authorization: `Bearer ${token}x` })).status).toBe(401)
    expect((await get({ authorization: `Basic ${token}` })).status).toBe(401)
    expect((await get({}, '/health')).status).toBe(200)
    expect((await get({}, '/openapi.json')).status).toBe(401)
  })

  it('knows it from the header, and from the cookie that an address with it sets', async () => {
    expect((await get({ authorization: `Bearer ${token}` })).status).toBe(200)
    const signed = await get({}, `/?token=${token}&tab=1`)
    expect([signed.status, signed.headers.location]).toEqual([303, '/?tab=1'])
    const [cookie] = signed.headers['set-cookie'] as string[]
    expect(cookie).toMatch(/HttpOnly; SameSite=Strict/)
    expect((await get({ cookie: cookie!.split(';')[0]! })).status).toBe(200)
    const outside = await get({}, `//evil.example/?token=${token}`)
    expect(outside.headers.location).toBe('/evil.example/')
  })

  it('asks a browser for it with a page', async () => {
    const page = await get({ accept: 'text/html' }, '/')
    expect([page.status, page.text.includes('<form')]).toEqual([401, true])
    const wrong = await get({ accept: 'text/html' }, '/?token=wrong-one')
    expect(wrong.text).toContain('not the token')
  })

  it('closes a socket that greets without it, and serves one that greets with it', async () => {
    const stranger = await connect(guarded.port)
    stranger.send({ ...hello, token: 'wrong' })
    expect(await stranger.closed).toBe(4401)
    const friend = await connect(guarded.port)
    friend.send({ ...hello, token })
    expect((await friend.next('welcome')).snapshot).toBeDefined()
    friend.socket.close()
    const known = await connect(guarded.port, { authorization: `Bearer ${token}` })
    known.send(hello)
    await known.next('welcome')
    known.socket.close()
  })

  it('lets an address try only some wrong ones', async () => {
    const target = await desk({ token })
    const tries = Array.from({ length: 25 }, (_, index) =>
      ask(target.port, 'GET', '/api/queue', { headers: { authorization: `Bearer no${index}` } }),
    )
    const statuses = (await Promise.all(tries)).map(({ status }) => status)
    expect(statuses.filter((status) => status === 401).length).toBe(20)
    expect(statuses).toContain(429)
    await target.end()
  })

  it('is demanded for every address that other machines reach', async () => {
    await expect(desk({ host: '0.0.0.0' })).rejects.toThrow(
      '--host 0.0.0.0: reached from other machines, a token expected; give --token',
    )
    await expect(desk({ host: '0.0.0.0', token: 'short' })).rejects.toThrow('at least 8 expected')
    const wide = await desk({ host: '0.0.0.0', token })
    const headers = { authorization: `Bearer ${token}`, host: '192.168.7.7:4180' }
    expect((await ask(wide.port, 'GET', '/api/queue', { headers })).status).toBe(200)
    const foreign = { ...headers, host: 'evil.example' }
    expect((await ask(wide.port, 'GET', '/api/queue', { headers: foreign })).status).toBe(403)
    await wide.end()
  })
})

describe('access', () => {
  it('refuses a request without a Host', () => {
    const access = createAccess({ host: '127.0.0.1' })
    const caller = { method: 'GET', header: () => undefined }
    expect(() => access.admit(caller)).toThrow('Host: "", the address of this server expected')
  })

  it('takes an origin on the usual port for the host without one', () => {
    const access = createAccess({ host: 'example.org', token })
    const caller = (origin: string, host: string) => ({
      method: 'POST',
      header: (name: string) => ({ origin, host })[name],
    })
    expect(() => access.admit(caller('https://example.org', 'example.org:443'))).not.toThrow()
    expect(() => access.admit(caller('https://example.org:8443', 'example.org'))).toThrow('Origin')
    expect(() => access.admit(caller('ftp://example.org', 'example.org'))).toThrow('Origin')
  })
})

describe('a rate limit', () => {
  it('fills again with time, for each address alone', () => {
    let now = 0
    const limit = createRateLimit({ burst: 2, perSecond: 1 }, () => now)
    expect([limit.take('a'), limit.take('a'), limit.take('a')]).toEqual([true, true, false])
    expect(limit.take('b')).toBe(true)
    now = 1500
    expect([limit.take('a'), limit.take('a')]).toEqual([true, false])
  })

  it('forgets addresses rather than grow without end', () => {
    const limit = createRateLimit({ burst: 1, perSecond: 1 }, () => 0)
    for (let index = 0; index < 10_001; index++) limit.take(`address ${index}`)
    expect(limit.take('address 10000')).toBe(false)
    expect(limit.take('address 1')).toBe(true)
  })
})

it('says when its port is taken', async () => {
  await expect(desk({ port: open.port })).rejects.toThrow(
    `port ${open.port}: in use by another program, a free one expected; give --port`,
  )
})
