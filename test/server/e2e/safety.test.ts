import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { asset, runInfo } from '../../../engine/protocol/index.ts'
import {
  announced,
  brokenOff,
  cutWeights,
  hugeHeader,
  pictureBomb,
  smallPicture,
} from './bad-uploads.ts'
import {
  type Answer,
  type Desk,
  filesBelow,
  keptDesk,
  oneNumber,
  removeDesk,
  type ServerProcess,
  startServer,
  until,
} from './support.ts'
import { watch } from './watcher.ts'

const desk: Desk = keptDesk({ here: oneNumber(1) })
const guarded: Desk = keptDesk({ here: oneNumber(1) })
const token = 'a-token-that-nobody-guesses'
let server: ServerProcess
let locked: ServerProcess
beforeAll(async () => {
  const words = ['--token', token]
  ;[server, locked] = await Promise.all([startServer(desk), startServer(guarded, words)])
})
afterAll(async () => {
  await Promise.all([server.kill(), locked.kill()])
  for (const one of [desk, guarded]) removeDesk(one)
})

const sentence = ({ status, json }: Answer) => [status, json.error]

/** How a socket with these headers is received: the status of its refusal, or "open". */
function socketWith(headers: Record<string, string>): Promise<number | 'open'> {
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}/api/socket`, { headers })
  const { promise, resolve, reject } = Promise.withResolvers<number | 'open'>()
  socket.on('unexpected-response', (_, { statusCode }) => resolve(statusCode!))
  socket.on('open', () => resolve('open'))
  socket.on('error', reject)
  return promise.finally(() => socket.terminate())
}

describe('a page of another site', () => {
  it('is refused by its Host, so that no name leads here by a detour', async () => {
    for (const host of ['evil.example', 'evil.example:4180', 'localhost.evil.example']) {
      const answer = await server.ask('GET', '/api/runs', { headers: { host } })
      expect(sentence(answer)).toEqual([403, expect.stringMatching(/^Host: .*expected/)])
    }
    const headers = { host: `localhost:${server.port}` }
    expect((await server.ask('GET', '/api/runs', { headers })).status).toBe(200)
  })

  it('is refused by its Origin where it would change something', async () => {
    const body = { workflow: oneNumber(1) }
    for (const origin of ['https://evil.example', 'null', 'http://127.0.0.1:1']) {
      const answer = await server.ask('POST', '/api/runs', { body, headers: { origin } })
      expect(sentence(answer)).toEqual([403, expect.stringMatching(/^Origin: .*expected/)])
      expect(await socketWith({ origin })).toBe(403)
    }
    const origin = `http://127.0.0.1:${server.port}`
    expect((await server.ask('POST', '/api/runs', { body, headers: { origin } })).status).toBe(201)
    expect(await socketWith({ origin })).toBe('open')
  })

  it('may neither embed the editor nor read what it answers', async () => {
    for (const path of [
      '/',
      '/api/runs',
      '/nowhere',
      '/health',
      '/api/library/output/file/a.png',
    ]) {
      const { headers } = await server.ask('GET', path)
      expect(headers['x-frame-options']).toBe('DENY')
      expect(headers['content-security-policy']).toContain("frame-ancestors 'none'")
      expect(headers['x-content-type-options']).toBe('nosniff')
      expect(headers['access-control-allow-origin']).toBeUndefined()
    }
  })
})

describe('a server with a token', () => {
  it('answers nobody without it, but says that it lives', async () => {
    expect((await locked.ask('GET', '/health')).status).toBe(200)
    for (const authorization of [undefined, 'Bearer wrong', `Basic ${token}`]) {
      const headers = authorization === undefined ? {} : { authorization }
      const answer = await locked.ask('GET', '/api/runs', { headers })
      expect(sentence(answer)).toEqual([401, expect.stringMatching(/^token: .*expected/)])
    }
  })

  it('knows it as a header, as a cookie after signing in, and in a hello', async () => {
    const headers = { authorization: `Bearer ${token}` }
    expect((await locked.ask('GET', '/api/runs', { headers })).status).toBe(200)
    const entry = await locked.ask('GET', `/?token=${encodeURIComponent(token)}`)
    expect([entry.status, entry.headers.location]).toEqual([303, '/'])
    const [cookie] = entry.headers['set-cookie'] as string[]
    expect(cookie).toMatch(/HttpOnly.*SameSite=Strict/)
    const signedIn = { cookie: cookie!.split(';')[0]! }
    expect((await locked.ask('GET', '/api/runs', { headers: signedIn })).status).toBe(200)
    const watcher = await watch(locked.port, { token })
    expect(watcher.welcome.snapshot).toBeDefined()
  })
})

describe('a name that leads out of its folder', () => {
  const out = [
    '..%2f..%2fdata%2fruns.sqlite',
    '%2e%2e%2fsecret.json',
    '..%5csecret',
    '%2fetc%2fpasswd',
  ]
  it('is refused wherever a name is taken', async () => {
    writeFileSync(join(desk.path, 'secret.json'), JSON.stringify(oneNumber(1)))
    writeFileSync(join(desk.path, 'secret.png'), 'secret')
    const reading = ['workflows', 'templates', 'library/output/file', 'library/input/thumbnail']
    const more = ['library/loras/item', 'datasets', 'library/output/workflow']
    for (const name of [...out, 'a/..%2f..%2f..%2fsecret.json', 'a%00b']) {
      for (const place of [...reading, ...more]) {
        const answer = await server.ask('GET', `/api/${place}/${name}`)
        expect([place, name, answer.status]).toEqual([
          place,
          name,
          expect.toBeOneOf([400, 404, 422]),
        ])
        expect(String(answer.bytes)).not.toContain('"nodes"')
      }
      const body = { revision: 0, workflow: oneNumber(9) }
      const saved = await server.ask('PUT', `/api/workflows/${name}`, { body })
      expect([name, saved.status]).toEqual([name, expect.toBeOneOf([400, 404, 422])])
      const sent = await server.ask('PUT', `/api/library/input/upload/${name}.png`, {
        body: await smallPicture(),
      })
      expect([name, sent.status]).toEqual([name, expect.toBeOneOf([400, 404, 422])])
    }
    const names = filesBelow(desk.path).map(({ path }) => path.slice(desk.path.length + 1))
    expect(names.filter((name) => /^(etc|passwd)|secret/.test(name)).sort()).toEqual([
      'secret.json',
      'secret.png',
    ])
    expect(existsSync(join(desk.input, 'secret.png'))).toBe(false)
  })
})

describe('an upload', () => {
  const send = (kind: string, name: string, body: Uint8Array) =>
    server.ask('PUT', `/api/library/${kind}/upload/${name}`, { body })
  /** Expects the same files as before. */
  const expectNothingLeft = async (act: () => Promise<unknown>) => {
    const look = () =>
      [desk.input, desk.models, desk.out].flatMap((folder) =>
        filesBelow(folder).map(({ path }) => path),
      )
    const before = look()
    await act()
    expect(look()).toEqual(before)
  }

  it('of a picture is taken in, and again under another name', async () => {
    const picture = await smallPicture()
    const first = await server.call(asset, 'PUT', '/api/library/input/upload/a%20b.png', {
      body: picture,
    })
    expect(first).toMatchObject({ name: 'a b.png', width: 8, height: 8 })
    expect((await send('input', 'a%20b.png', picture)).json.name).toBe('a b-2.png')
  })

  it('that is larger than allowed is refused before it is sent', async () => {
    await expectNothingLeft(async () => {
      const path = '/api/library/loras/upload/big.safetensors'
      expect(await announced(server.port, path, 20 * 2 ** 30)).toBe(413)
    })
  })

  it('that lies about what it is leaves nothing and says what was wrong', async () => {
    const picture = await smallPicture()
    const cases: [kind: string, name: string, body: Uint8Array, message: RegExp][] = [
      ['input', 'text.png', Buffer.from('no picture at all'), /^text\.png: /],
      ['input', 'half.png', picture.subarray(0, picture.length - 20), /^half\.png: /],
      ['input', 'script.html', Buffer.from('<script>'), /^script\.html: /],
      [
        'input',
        'drawing.svg',
        Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'),
        /^drawing\.svg: /,
      ],
      ['loras', 'empty.safetensors', Buffer.alloc(0), /^empty\.safetensors: /],
      ['loras', 'text.safetensors', Buffer.from('no weights at all'), /^text\.safetensors: /],
      ['loras', 'header.safetensors', hugeHeader(), /^header\.safetensors: /],
      ['checkpoints', 'cut.safetensors', cutWeights(), /^cut\.safetensors: /],
      ['loras', 'pickle.ckpt', Buffer.from('cos\nsystem\n'), /^pickle\.ckpt: /],
    ]
    await expectNothingLeft(async () => {
      for (const [kind, name, body, message] of cases) {
        const answer = await send(kind, name, body)
        expect(sentence(answer)).toEqual([422, expect.stringMatching(message)])
      }
    })
  })

  it('of a picture that unfolds to gigabytes is refused without unfolding it', async () => {
    const bomb = pictureBomb(40_000)
    expect(bomb.length).toBeLessThan(2 ** 20)
    await expectNothingLeft(async () => {
      const answer = await send('input', 'bomb.png', bomb)
      expect(sentence(answer)).toEqual([422, expect.stringMatching(/^bomb\.png: .*40000/)])
    })
    expect((await server.ask('GET', '/health')).status).toBe(200)
  })

  it('that is broken off leaves nothing, and the server goes on', async () => {
    await expectNothingLeft(async () => {
      const path = '/api/library/input/upload/cut.png'
      await brokenOff(server.port, path, await smallPicture())
      await until(() => unfinished().length === 0, 'the part is gone')
    })
    const { json } = await server.ask('POST', '/api/runs', { body: { workflow: oneNumber(1) } })
    expect(runInfo.parse(json.run).state).toBe('waiting')
  })

  const unfinished = () => filesBelow(desk.input).filter(({ path }) => path.includes('unfinished'))
})
