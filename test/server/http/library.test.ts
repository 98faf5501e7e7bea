import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { connect as connectPlain } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeSafetensors } from '../../../engine/formats/safetensors.ts'
import { rampPicture } from '../../support/tiny-pictures.ts'
import { ask, connect } from './support.ts'
import { wholeServer } from './whole-server.ts'

let server: Awaited<ReturnType<typeof wholeServer>>
beforeAll(async () => {
  const cat = await rampPicture(64, 48)
  server = await wholeServer(
    {
      'input/pets/cat.png': cat,
      'input/pets/cat.txt': 'a cat, sitting',
      'input/pets/dog.png': await rampPicture(80, 80),
      'input/notes.txt': 'secret',
      'models/loras/neon.safetensors': tinyLora(),
      'secret.png': cat,
    },
    { limits: { upload: 100_000 } },
  )
})
afterAll(() => server.end())

/** A LoRA of one layer. */
function tinyLora(): Uint8Array {
  const tensor = (shape: number[]) => {
    const bytes = new Uint8Array(4 * shape.reduce((product, size) => product * size, 1))
    return { dtype: 'F32', shape, bytes } as const
  }
  const layer = 'lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q'
  const tensors = [
    [`${layer}.lora_down.weight`, tensor([2, 4])],
    [`${layer}.lora_up.weight`, tensor([4, 2])],
  ] as const
  return encodeSafetensors(tensors, { ss_network_dim: '2' })
}

function call(method: string, path: string, body?: unknown) {
  return ask(server.port, method, path, body === undefined ? {} : { body })
}

describe('files of a kind', () => {
  it('are listed, searched and described', async () => {
    const { json } = await call('GET', '/api/library/input?text=cat')
    expect(json).toMatchObject({ total: 1, assets: [{ kind: 'input', name: 'pets/cat.png' }] })
    const item = await call('GET', '/api/library/loras/item/neon.safetensors')
    expect(item.json).toMatchObject({ metadata: { ss_network_dim: '2' } })
    expect((await call('GET', '/api/library/passwords')).status).toBe(400)
    expect((await call('GET', '/api/library/input/item/none.png')).status).toBe(404)
  })

  it('are given titles and tags', async () => {
    const path = '/api/library/loras/item/neon.safetensors'
    const changed = await call('PATCH', path, { title: 'Neon', tags: ['glow'] })
    expect(changed.json).toMatchObject({ title: 'Neon', tags: ['glow'] })
    expect((await call('GET', '/api/library/loras?tag=glow')).json.total).toBe(1)
    expect((await call('PATCH', path, { colour: 'red' })).status).toBe(400)
    const none = '/api/library/loras/item/none.safetensors'
    expect((await call('PATCH', none, { title: 'x' })).status).toBe(404)
  })

  it('have small pictures, and pictures are given whole', async () => {
    const small = await call('GET', '/api/library/input/thumbnail/pets/cat.png')
    expect([small.status, small.headers['content-type']]).toEqual([200, 'image/webp'])
    const whole = await call('GET', '/api/library/input/file/pets/cat.png')
    expect([whole.status, whole.headers['content-type']]).toEqual([200, 'image/png'])
    expect((await call('GET', '/api/library/input/file/notes.txt')).status).toBe(404)
    expect((await call('GET', '/api/library/loras/file/neon.safetensors')).status).toBe(400)
    const workflow = await call('GET', '/api/library/input/workflow/pets/cat.png')
    expect(workflow.json.error).toContain('carries no workflow')
  })

  it('are found by name where one is missing', async () => {
    const found = await call('POST', '/api/library/loras/resolve', { name: 'neom.safetensors' })
    expect(found.json).toMatchObject({ assets: [{ name: 'neon.safetensors' }] })
  })

  it.each([
    '..%2fsecret.png',
    '%2e%2e%2fsecret.png',
    '..%5csecret.png',
    '%2fetc%2fpasswd',
  ])('have no name %s', async (name) => {
    for (const what of ['item', 'file', 'thumbnail', 'workflow']) {
      const { status } = await call('GET', `/api/library/input/${what}/${name}`)
      expect([404, 422]).toContain(status)
    }
    const upload = await call('PUT', `/api/library/input/upload/${name}`, await rampPicture(8, 8))
    expect([404, 422]).toContain(upload.status)
    expect([404, 422]).toContain((await call('DELETE', `/api/library/input/item/${name}`)).status)
  })
})

describe('an upload', () => {
  const put = (name: string, body: unknown, kind = 'input') =>
    call('PUT', `/api/library/${kind}/upload/${name}`, body)

  it('is checked and kept; a taken name gets a number', async () => {
    const picture = await rampPicture(32, 16)
    const first = await put('new/mouse.png', picture)
    expect(first.status).toBe(201)
    expect(first.json).toMatchObject({ name: 'new/mouse.png', width: 32, height: 16 })
    const second = await put('new/mouse.png', picture)
    expect(second.json.name).not.toBe('new/mouse.png')
    expect((await call('DELETE', '/api/library/input/item/new/mouse.png')).json.removed).toBe(true)
  })

  it('that is too large, no picture, or a lie leaves nothing behind', async () => {
    expect((await put('large.png', Buffer.alloc(200_000))).status).toBe(413)
    const headers = { 'transfer-encoding': 'chunked' }
    const unsaid = { headers, body: Buffer.alloc(200_000) }
    const path = '/api/library/input/upload/large.png'
    expect((await ask(server.port, 'PUT', path, unsaid)).status).toBe(413)
    expect((await put('lie.png', 'no picture at all')).status).toBe(422)
    expect((await put('lie.safetensors', 'no weights at all', 'loras')).status).toBe(422)
    const left = readdirSync(server.folder, { recursive: true })
    expect(left.filter((name) => /large|lie/.test(String(name)))).toEqual([])
  })

  it('that is broken off leaves nothing behind', async () => {
    const socket = connectPlain(server.port, '127.0.0.1')
    socket.write(
      'PUT /api/library/input/upload/broken.png HTTP/1.1\r\n' +
        `Host: localhost\r\nContent-Length: 50000\r\n\r\n${'x'.repeat(1000)}`,
    )
    await sleep(100)
    socket.destroy()
    await sleep(200)
    const left = readdirSync(join(server.folder, 'input'), { recursive: true })
    expect(left.filter((name) => String(name).includes('broken'))).toEqual([])
    expect((await call('GET', '/health')).status).toBe(200)
  })
})

it('editors are told of files that come from elsewhere', async () => {
  const tab = await connect(server.port)
  tab.send({ type: 'hello', client: 'tab' })
  await tab.next('welcome')
  writeFileSync(join(server.folder, 'input', 'late.png'), await rampPicture(8, 8))
  const { event } = await tab.next('event', ({ event }) => event.type === 'library')
  expect(event).toEqual({ type: 'library', kinds: ['input'] })
  tab.socket.terminate()
})

it('folders of training pictures are shown, and their captions are written', async () => {
  const { json } = await call('GET', '/api/datasets')
  expect(json.folders).toContain('pets')
  expect(json.pictures).toMatchObject({ pets: 2 })
  const read = await call('GET', '/api/datasets/pets')
  expect(read.json).toMatchObject({
    entries: [
      { file: 'cat.png', width: 64, height: 48, caption: 'a cat, sitting' },
      { file: 'dog.png', bucket: [512, 512] },
    ],
    ...{ folder: 'pets', findings: [] },
  })
  const checked = await call('GET', '/api/datasets/pets?check=true')
  expect(checked.json).toMatchObject({ folder: 'pets', entries: [{ crop: {} }, { crop: {} }] })
  expect(checked.json.findings).not.toEqual([])
  expect((await call('GET', '/api/datasets/none')).status).toBe(422)
  const captions = { 'dog.png': 'a dog' }
  const written = await call('PUT', '/api/datasets/pets/captions', { captions })
  expect(JSON.stringify(written.json)).toContain('a dog')
  const outside = { captions: { '../../secret.png': 'x' } }
  expect((await call('PUT', '/api/datasets/pets/captions', outside)).status).toBeGreaterThan(399)
  expect(existsSync(join(server.folder, 'secret.txt'))).toBe(false)
  expect((await call('GET', '/api/datasets/..%2f..')).status).toBeGreaterThan(399)
})

it('the gallery and lineage are empty where nothing was made', async () => {
  expect((await call('GET', '/api/pictures')).json).toEqual({ pictures: [] })
  const { json } = await call('GET', '/api/lineage?id=input:pets')
  expect(json.links).toEqual([])
})
