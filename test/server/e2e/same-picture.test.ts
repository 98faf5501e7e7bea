import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { runDetail, runInfo } from '../../../engine/protocol/index.ts'
import { signatureOf } from '../../../engine/server/queue/webhook.ts'
import { projectRoot } from '../../support/sources.ts'
import {
  keptDesk,
  pictureOf,
  removeDesk,
  type ServerProcess,
  shipped,
  startServer,
  writeWorkflow,
} from './support.ts'

const desk = keptDesk()
/** Of the command line. */
const other = keptDesk()
const workflow = shipped('two-loras', { 'sampler.steps': 4 })
writeWorkflow(desk, 'mix', workflow)
let server: ServerProcess
beforeAll(async () => {
  server = await startServer(desk)
})
afterAll(async () => {
  await server.kill()
  removeDesk(desk)
  removeDesk(other)
})

const callReply = z.object({
  run: z.string(),
  state: z.string(),
  outputs: z.record(
    z.string(),
    z.object({ type: z.string(), files: z.array(z.string()).optional() }),
  ),
  files: z.record(z.string(), z.array(z.string())),
})

/** The picture that the command line makes of the same file, in folders of its own. */
async function headless(words: readonly string[] = []): Promise<Buffer> {
  const file = join(desk.workflows, 'mix.json')
  const args = [join(projectRoot, 'engine', 'main.ts'), 'run', file, '--out', other.out, ...words]
  const env = { ...process.env, MAZERU_CACHE: other.cache }
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: other.path, env })
  const name = /two-loras_\d+_\.png/.exec(stdout)![0]
  return readFileSync(join(other.out, name))
}

describe('a run of the server', () => {
  it('saves the picture that the command line saves, byte for byte', async () => {
    const detail = await server.ended(await server.submit({ workflow, document: 'mix' }))
    expect(detail).toMatchObject({ state: 'done', document: 'mix', restarts: 0 })
    expect(detail.nodes).toEqual({ all: 10, settled: 10 })
    expect(pictureOf(desk, detail).equals(await headless())).toBe(true)
  })

  it('answers a workflow called by name with the address of its picture', async () => {
    const inputs = { seed: 11, neon: 0.9, prompt: 'a cat' }
    const path = '/run/mix?wait=50'
    const { state, files, outputs } = await server.call(callReply, 'POST', path, {
      body: { inputs },
    })
    expect(state).toBe('done')
    expect(outputs.picture).toMatchObject({ type: 'image' })
    const picture = await server.ask('GET', files.files![0]!)
    expect(picture.headers['content-type']).toBe('image/png')
    const words = ['seed=11', 'neon=0.9', 'prompt=a cat'].flatMap((word) => ['--input', word])
    expect(picture.bytes.equals(await headless(words))).toBe(true)
  })

  it('refuses a named input that there is not, and says which there are', async () => {
    const { status, json } = await server.ask('POST', '/run/mix', { body: { inputs: { sed: 1 } } })
    expect(status).toBe(422)
    expect(json.error).toContain('sed')
    expect(json.error).toContain('seed')
  })

  it('runs again from the failed node, with what is finished taken from before', async () => {
    // A file stands where the folder of the picture is to be.
    const faulty = shipped('two-loras', { 'sampler.steps': 4, 'sampler.seed': 21 })
    faulty.nodes.save!.params = { name: 'taken/mix' }
    writeFileSync(join(desk.out, 'taken'), '')
    const failed = await server.ended(await server.submit({ workflow: faulty }))
    expect(failed).toMatchObject({ state: 'failed', error: expect.stringContaining('taken') })
    expect(failed.nodeStatus.decode!.state).toBe('done')
    rmSync(join(desk.out, 'taken'))
    const body = { from: 'failed' }
    const { run } = await server.call(
      z.object({ run: runInfo }),
      'POST',
      `/api/runs/${failed.id}/retry`,
      { body },
    )
    const mended = await server.ended(run.id)
    expect(mended).toMatchObject({ state: 'done', retryOf: failed.id })
    const { sampler, decode, save } = mended.nodeStatus
    expect([sampler!.state, decode!.state, save!.state]).toEqual(['cached', 'cached', 'done'])
    expect(mended.pictures).toEqual(['taken/mix_00001_.png'])
  })

  it('streams the events of a run until it ends', async () => {
    const id = await server.submit({
      workflow: shipped('two-loras', { 'sampler.steps': 4, 'sampler.seed': 31 }),
    })
    const { status, headers, bytes } = await server.ask('GET', `/api/runs/${id}/events`)
    expect([status, headers['content-type']]).toEqual([200, 'text/event-stream'])
    const frames = framesOf(bytes)
    expect(frames[0]!.event).toBe('snapshot')
    const last = frames.at(-1)!
    expect(last).toMatchObject({ event: 'run', data: { run: { id, state: 'done' } } })
    const steps = frames.flatMap(({ event, data }) =>
      event === 'progress' && data.node === 'sampler' ? [data.step] : [],
    )
    expect(steps.at(-1)).toBe(4)
    const headersOfMiddle = { 'last-event-id': frames[2]!.id }
    const again = await server.ask('GET', `/api/runs/${id}/events`, { headers: headersOfMiddle })
    expect(framesOf(again.bytes)).toEqual(frames.slice(3))
  })

  it('is told to whom it may concern by a signed call', async () => {
    const secret = 'a secret of sixteen letters or more'
    const heard = Promise.withResolvers<{ request: IncomingMessage; body: string }>()
    const receiver = createServer((request, response) => {
      let body = ''
      request.setEncoding('utf8').on('data', (text: string) => {
        body += text
      })
      request.on('end', () => {
        response.end()
        heard.resolve({ request, body })
      })
    }).listen(0, '127.0.0.1')
    onTestFinished(() => void receiver.close())
    await once(receiver, 'listening')
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/done`
    const id = await server.submit({ workflow, webhook: { url, secret } })
    const { request, body } = await heard.promise
    expect(request.headers).toMatchObject({
      'x-mazeru-delivery': id,
      'x-mazeru-signature': signatureOf(body, secret),
    })
    expect(runInfo.parse(JSON.parse(body))).toMatchObject({ id, state: 'done' })
  })

  it('gives the same run for the same key, and keeps what is on its wires', async () => {
    const submission = { workflow, outputs: ['picture'] }
    const id = await server.submit(submission, 'shop', 'order-1')
    expect(await server.submit(submission, 'shop', 'order-1')).toBe(id)
    expect(await server.submit(submission, 'other', 'order-1')).not.toBe(id)
    const detail = await server.ended(id)
    expect(runDetail.parse(detail).nodeStatus.sampler).toMatchObject({
      state: 'cached',
      values: { latent: { type: 'latent<sd15>', shape: [1, 4, 16, 16] } },
    })
    const wire = await server.ask('GET', `/api/runs/${id}/values/decode/image/0`)
    expect([wire.status, wire.headers['content-type']]).toEqual([200, 'image/webp'])
  })
})

/** The events of a stream. */
function framesOf(bytes: Buffer) {
  return String(bytes)
    .split('\n\n')
    .filter((text) => text.startsWith('event:'))
    .map((text) => {
      const [event, id, data] = text.split('\n').map((line) => line.replace(/^\w+: /, ''))
      return { event: event!, id: id!, data: JSON.parse(data!) as Record<string, unknown> }
    })
}
