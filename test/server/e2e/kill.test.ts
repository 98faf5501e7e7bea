import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { unfinishedEnding } from '../../../engine/files/save.ts'
import { documentReply, runDetail, runInfo } from '../../../engine/protocol/index.ts'
import { type Seeded, seeded } from '../../support/seeded.ts'
import {
  type Desk,
  filesBelow,
  newDesk,
  oneNumber,
  pictureOf,
  type ServerProcess,
  shipped,
  startServer,
  until,
} from './support.ts'
import { type Watcher, watch } from './watcher.ts'

/** How often the server is killed; `MAZERU_KILLS=50` is the long way. */
const kills = Number(process.env.MAZERU_KILLS ?? 12)

/** What the server has acknowledged, over all its lives. */
interface Known {
  /** Key of the submission -> run. */
  readonly runs: Map<string, string>
  /** Runs that were told to be done. */
  readonly done: Set<string>
  /** Pictures that were told to be saved. */
  readonly pictures: Set<string>
  /** The last value that a patch wrote, and the revision then. */
  value: number
  revision: number
}

interface LifeOptions {
  readonly count: number
  /** The drawing of the life before. */
  readonly former: string | undefined
  readonly known: Known
  readonly dice: Seeded
}

const documentName = 'folder/doc'

/** One life: it is begun, worked hard, and killed in the middle of it. */
async function life(desk: Desk, { count, former, known, dice }: LifeOptions): Promise<string> {
  const server = await startServer(desk)
  try {
    await expectAllThere(server, known)
    // A run that dies in several lives is given up at last; so it may end first.
    if (former !== undefined) await server.ended(former)
    const watcher = await watch(server.port, { client: `tab ${count}` })
    const [death, before] = [dice.below(600), dice.below(4)]
    const drawing = await server.submit(drawingOf(count), 'artist', `drawing-${count}`)
    known.runs.set(`drawing-${count}`, drawing)
    const work = [submitMany(server, count, known), patchMany(watcher, known)]
    // A quarter of the kills comes while the server still begins, the others in the sampler.
    if (before > 0) await watcher.event((event) => event.type === 'progress')
    await sleep(death)
    note(watcher, known)
    const left = await server.kill()
    expect(left.signal).toBe('SIGKILL')
    await Promise.all(work)
    return drawing
  } finally {
    await server.kill()
  }
}

function drawingOf(seed: number) {
  const params = { 'sampler.steps': 12, 'sampler.seed': seed, 'save.name': `drawing-${seed}` }
  return { workflow: shipped('two-loras', params), priority: 10, document: 'drawing' }
}

/** Submits runs until the server is gone. */
async function submitMany(server: ServerProcess, life: number, known: Known): Promise<void> {
  for (let count = 0; count < 60; count++) {
    const key = `${life}-${count}`
    try {
      const workflow = oneNumber(count)
      known.runs.set(key, await server.submit({ workflow }, `client-${count % 3}`, key))
    } catch (thrown) {
      if (thrown instanceof Error && 'code' in thrown) return
      throw thrown
    }
    await sleep(5)
  }
}

/** Patches a document until the socket is gone; what was acknowledged is kept. */
async function patchMany(watcher: Watcher, known: Known): Promise<void> {
  const { socket, send } = watcher
  send({ type: 'document-open', name: documentName })
  const first = known.value + 1
  for (let request = first; request < first + 200; request++) {
    if (socket.readyState !== socket.OPEN) break
    const ops = [{ path: ['nodes', 'a', 'params', 'value'], value: request % 1000 }]
    send({ type: 'document-patch', name: documentName, request, base: 0, ops })
    await sleep(7)
  }
  // What the server sent before its end is still on its way.
  if (socket.readyState !== socket.CLOSED) await once(socket, 'close')
  for (const message of watcher.messages) {
    if (message.type !== 'document-patched') continue
    known.value = Math.max(known.value, message.request)
    known.revision = Math.max(known.revision, message.revision)
  }
}

function note({ events }: Watcher, known: Known): void {
  for (const { event } of events) {
    if (event.type === 'run' && event.run.state === 'done') known.done.add(event.run.id)
    if (event.type === 'pictures') for (const file of event.files) known.pictures.add(file)
  }
}

/** What was acknowledged before is there, whatever came in between. */
async function expectAllThere(server: ServerProcess, known: Known): Promise<void> {
  const ids = new Set<string>()
  const states = new Map<string, string>()
  for (let before = ''; ; ) {
    const page = `/api/runs?limit=500${before && `&before=${encodeURIComponent(before)}`}`
    const { runs } = await server.call(z.object({ runs: z.array(runInfo) }), 'GET', page)
    for (const { id, state } of runs) {
      ids.add(id)
      states.set(id, state)
    }
    if (runs.length < 500) break
    before = runs.at(-1)!.id
  }
  expect([...known.runs.values()].filter((id) => !ids.has(id))).toEqual([])
  expect([...known.done].filter((id) => states.get(id) !== 'done')).toEqual([])
  const document = await server.call(documentReply, 'GET', `/api/workflows/${documentName}`)
  const { value } = (document.workflow as ReturnType<typeof oneNumber>).nodes.a!.params!
  // The patch after the last acknowledged ones may have been carried out as well.
  expect((Number(value) - known.value + 2000) % 1000).toBeLessThan(50)
  expect(document.revision).toBeGreaterThanOrEqual(known.revision)
  const [key, id] = [...known.runs].at(-1) ?? []
  if (key?.includes('drawing') === false) {
    const client = `client-${Number(key.split('-')[1]) % 3}`
    expect(await server.submit({ workflow: oneNumber(1) }, client, key)).toBe(id)
  }
}

/** Pictures and workflow files are whole. */
async function expectWholeFiles({ out, workflows }: Desk): Promise<void> {
  for (const { path, bytes } of filesBelow(out)) {
    if (path.endsWith('.png')) await sharp(bytes, { failOn: 'error' }).raw().toBuffer()
  }
  for (const { path, bytes } of filesBelow(workflows)) {
    if (!path.endsWith('.json')) continue
    expect([path, JSON.parse(String(bytes))]).toMatchObject([path, { version: 1 }])
  }
}

describe('a server that is killed in the middle of its work', () => {
  it(`loses nothing that it acknowledged, ${kills} times over`, {
    timeout: kills * 40_000,
  }, async () => {
    const dice = seeded(5)
    const desk = newDesk({ [documentName]: oneNumber(0) })
    const known: Known = {
      ...{ runs: new Map(), done: new Set(), pictures: new Set(), value: 0, revision: 0 },
    }
    const drawings: string[] = []
    for (let count = 0; count < kills; count++) {
      drawings.push(await life(desk, { count, former: drawings.at(-1), known, dice }))
      await expectWholeFiles(desk)
    }
    const server = await startServer(desk)
    try {
      await expectAllThere(server, known)
      let restarts = 0
      for (const [seed, id] of drawings.entries()) {
        const run = await server.ended(id)
        expect(run).toMatchObject({ state: 'done', document: 'drawing' })
        restarts += run.restarts
        if (seed % 3 !== 0) continue
        const fresh = { ...drawingOf(seed), fresh: true, priority: 20 }
        const reference = await server.ended(await server.submit(fresh))
        expect(pictureOf(desk, run).equals(pictureOf(desk, reference))).toBe(true)
      }
      // Most kills hit a drawing; one that waited or had ended counts no restart.
      expect(restarts).toBeGreaterThan(kills / 4)
      const queue = z.object({ waiting: z.number(), running: z.array(z.string()) })
      await until(async () => {
        const { waiting, running } = await server.call(queue, 'GET', '/api/queue')
        return waiting + running.length === 0
      }, 'the queue is empty')
      for (const id of known.runs.values()) {
        const { state, nodeStatus } = await server.call(runDetail, 'GET', `/api/runs/${id}`)
        expect([id, state]).toEqual([id, 'done'])
        expect(Object.values(nodeStatus).filter((node) => node.state === 'running')).toEqual([])
      }
      await expectWholeFiles(desk)
      // What was half written when the server died went at the next start.
      const names = filesBelow(desk.workflows).map(({ path }) => path)
      expect(names.filter((name) => name.endsWith(unfinishedEnding))).toEqual([])
      const saved = new Set(filesBelow(desk.out).map(({ path }) => path.slice(desk.out.length + 1)))
      expect([...known.pictures].filter((file) => !saved.has(file))).toEqual([])
    } finally {
      await server.stop()
    }
  })
})
