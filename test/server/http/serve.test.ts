import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { ask, connect, entry, folderWith } from './support.ts'

const children: ChildProcess[] = []
const folders: ReturnType<typeof folderWith>[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  for (const folder of folders.splice(0)) folder.remove()
})

function freshFolder(): string {
  const folder = folderWith({
    'models/none.txt': '',
    'my-workflows/slow.json': JSON.stringify({
      version: 1,
      outputs: { value: 'wait.value' },
      nodes: {
        one: { type: 'number', params: { value: 1 } },
        wait: { type: 'wait', params: { steps: 1000 }, inputs: { value: 'one.value' } },
      },
    }),
  })
  folders.push(folder)
  return folder.path
}

/** `mazeru serve` as a process, once it has said where it is or has ended. */
async function start(folder: string, words: readonly string[] = [], environment = {}) {
  const all = ['serve', '--no-open', '--no-build', '--port', '0', ...words]
  const child = spawn(process.execPath, [entry, ...all], {
    cwd: folder,
    env: { ...process.env, MAZERU_CACHE: join(folder, 'cache'), ...environment },
  })
  children.push(child)
  let text = ''
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  const port = await new Promise<number>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (data: Buffer) => {
        text += data
        const found = /http:\/\/\S+:(\d+)/.exec(text)
        if (found) resolve(Number(found[1]))
      })
    }
    void ended.then(() => resolve(0))
  })
  return { child, port, ended, text: () => text }
}

describe('mazeru serve', () => {
  it('says where it is, and ends when it is asked to', async () => {
    const server = await start(freshFolder())
    expect(server.text()).toMatch(/mazeru is at http:\/\/127\.0\.0\.1:\d+\n/)
    const tab = await connect(server.port)
    tab.send({ type: 'hello', client: 'tab' })
    await tab.next('welcome')
    const listed = await ask(server.port, 'GET', '/api/workflows')
    expect(listed.json.workflows).toMatchObject([{ name: 'slow' }])
    server.child.kill('SIGTERM')
    expect(await tab.closed).toBe(1001)
    expect(await server.ended).toBe(0)
  })

  it('goes on with a run that was under way when it was killed', async () => {
    const folder = freshFolder()
    const first = await start(folder)
    const called = await ask(first.port, 'POST', '/run/slow?wait=0', { body: {} })
    const { run } = called.json
    const state = async (port: number) =>
      (await ask(port, 'GET', `/api/runs/${run}`)).json.state as string
    while ((await state(first.port)) !== 'running')
      await new Promise((done) => setTimeout(done, 20))
    first.child.kill('SIGKILL')
    await first.ended
    const second = await start(folder)
    expect(['waiting', 'running']).toContain(await state(second.port))
    const { json } = await ask(second.port, 'POST', `/api/runs/${run}/cancel`)
    expect(json.run).toMatchObject({ id: run })
    second.child.kill('SIGTERM')
    expect(await second.ended).toBe(0)
  })

  it('is not reached from other machines without a token, and makes one when asked', async () => {
    const folder = freshFolder()
    const refused = await start(folder, ['--host', '0.0.0.0'])
    expect(await refused.ended).toBe(2)
    expect(refused.text()).toContain(
      '--host 0.0.0.0: reached from other machines, a token expected',
    )
    const open = await start(folder, ['--host', '0.0.0.0', '--token', 'auto'])
    const token = /\?token=(\S+)/.exec(open.text())?.[1]
    expect(token).toMatch(/^[\w-]{32}$/)
    expect((await ask(open.port, 'GET', '/api/queue')).status).toBe(401)
    const headers = { authorization: `Bearer ${token}` }
    expect((await ask(open.port, 'GET', '/api/queue', { headers })).status).toBe(200)
  })

  it('takes its token from the environment', async () => {
    const server = await start(freshFolder(), [], { MAZERU_TOKEN: 'from-the-environment' })
    expect((await ask(server.port, 'GET', '/api/queue')).status).toBe(401)
  })

  it.each([
    [['--port', '70000'], '--port 70000: 0 to 65535 expected'],
    [['--executors', 'many'], '--executors many: 1 to 16 expected'],
    [['--models', 'nowhere'], '--models: no folder'],
  ])('refuses %s', async (words, sentence) => {
    const server = await start(freshFolder(), words)
    expect(await server.ended).toBe(2)
    expect(server.text()).toContain(sentence)
  })

  it('says that a port is taken, and that another server has the queue', async () => {
    const folder = freshFolder()
    const first = await start(folder)
    const same = await start(freshFolder(), ['--port', String(first.port)])
    expect(await same.ended).toBe(1)
    expect(same.text()).toContain(`port ${first.port}: in use by another program`)
    const queue = await start(folder)
    expect(await queue.ended).toBe(1)
    expect(queue.text()).toMatch(/runs\.sqlite/)
    expect(queue.text()).not.toContain('    at ')
  })
})
