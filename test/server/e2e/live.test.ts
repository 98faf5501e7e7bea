import { setTimeout as sleep } from 'node:timers/promises'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { keptDesk, removeDesk, type ServerProcess, shipped, startServer } from './support.ts'
import { type Watcher, watch } from './watcher.ts'

const desk = keptDesk()
let server: ServerProcess
beforeAll(async () => {
  server = await startServer(desk)
})
afterAll(async () => {
  await server.kill()
  removeDesk(desk)
})

const client = 'mixer'
const mixer = (ratio: number, steps = 6) =>
  shipped('lora-mixer', { 'sampler.steps': steps, 'mixer.ratio1': ratio })

/** A try, as the editor submits it while a slider is drawn. */
const attempt = (ratio: number, steps?: number) =>
  server.submit({ workflow: mixer(ratio, steps), live: true, place: 'front' }, client)

const ended = async ({ event }: Watcher, id: string, state: string) =>
  (await event((one) => one.type === 'run' && one.run.id === id && one.run.state === state)).event

/** The final picture of a try: the frame of the node that saves, in full size. */
async function finalPreview(watcher: Watcher, id: string) {
  await ended(watcher, id, 'done')
  for (let tries = 0; tries < 200; tries++) {
    const found = watcher.previews.filter(({ head }) => head.run === id && head.node === 'save')
    if (found.length > 0) return found.at(-1)!
    await sleep(10)
  }
  throw new Error('no picture of the try came')
}

describe('a LoRA mixer that is played with', () => {
  it('shows each try as a picture, and a newer try ends the one before', async () => {
    const watcher = await watch(server.port, { client })
    const full = await server.ended(await server.submit({ workflow: mixer(0.6) }, client))
    expect(full.state).toBe('done')

    const first = await attempt(0.2)
    const picture = await finalPreview(watcher, first)
    expect(picture.head).toMatchObject({ width: 128, height: 128, item: 0 })
    const { width, height } = await sharp(picture.bytes).metadata()
    expect([width, height]).toEqual([128, 128])

    const slow = await attempt(0.9, 60)
    await watcher.event((event) => event.type === 'progress' && event.run === slow)
    const begun = performance.now()
    const quick = await attempt(-0.5)
    const last = await finalPreview(watcher, quick)
    expect(last.bytes.equals(picture.bytes)).toBe(false)
    await ended(watcher, slow, 'cancelled')
    const steps = watcher.events.flatMap(({ event }) =>
      event.type === 'progress' && event.run === slow ? [event.step] : [],
    )
    expect(Math.max(...steps)).toBeLessThan(60)
    if (process.env.MAZERU_TIMES) console.log(`try: ${Math.round(last.time - begun)} ms`)

    // Nobody keeps tries: neither the history nor the gallery nor the folder knows of them.
    const { json } = await server.ask('GET', '/api/runs')
    expect((json.runs as { id: string }[]).map(({ id }) => id)).toEqual([full.id])
    const gallery = await server.ask('GET', '/api/pictures')
    expect(gallery.json.pictures).toHaveLength(1)
  })

  it('takes a ratio that is set while it runs', async () => {
    const watcher = await watch(server.port, { client })
    const id = await server.submit({ workflow: mixer(0.1, 40) }, client)
    await watcher.event((event) => event.type === 'progress' && event.run === id)
    const set = { node: 'mixer', param: 'ratio1', value: 1 }
    watcher.send({ type: 'set', request: 3, run: id, ...set })
    const { applied, error } = await watcher.first('set-done')
    expect([applied, error]).toEqual(['now', undefined])
    watcher.send({ type: 'set', request: 4, run: id, ...set, value: 'much' })
    const refused = await watcher.first('set-done', ({ request }) => request === 4)
    expect(refused.error).toContain('ratio1')
    await ended(watcher, id, 'done')
  })
})
