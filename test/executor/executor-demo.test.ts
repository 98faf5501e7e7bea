import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ensureDemo } from '../../engine/cli/demo-files.ts'
import { demoModels } from '../../engine/cli/folders.ts'
import { openServices, servicesFor } from '../../engine/context.ts'
import { openExecutor } from '../../engine/executor/open-executor.ts'
import type { Executor } from '../../engine/executor/types.ts'
import { openValuePictures } from '../../engine/executor/value-pictures.ts'
import { decodePicture, readPictureHeader } from '../../engine/formats/picture.ts'
import {
  check,
  createCatalogue,
  plan,
  readWorkflow,
  startRun,
} from '../../engine/workflow/index.ts'
import { nodes } from '../../nodes/index.ts'
import { executorFolders, follow, statesOf, twoLoras } from '../support/executors.ts'

/** The real child process with the real device and the demo's model. */
const desk = mkdtempSync(join(tmpdir(), 'mazeru-executor-'))
const folders = executorFolders(desk)
const values = { folder: join(desk, 'values'), maxBytes: 10_000_000 }
const pictures = openValuePictures(values.folder)
let executor: Executor

beforeAll(async () => {
  await ensureDemo(demoModels)
  executor = openExecutor({ name: 'cpu', provider: 'cpu', folders, values })
})
afterAll(async () => {
  await executor.stop()
  rmSync(desk, { recursive: true })
})

/** Digest of the pixels, which is the same whatever a file says beside them. */
async function digestOf(path: string): Promise<string> {
  const { image } = await decodePicture(path, readFileSync(path))
  return createHash('sha256').update(new Uint8Array(image.data.buffer)).digest('hex')
}

/** The picture of a workflow as this process draws it. */
async function drawnHere(workflow: object): Promise<string> {
  const { models, input, cache: cacheDir } = folders
  const output = join(desk, 'here')
  const services = await openServices({ models, input, output, cacheDir, provider: 'cpu' })
  const catalogue = createCatalogue(nodes)
  const { graph } = await check(readWorkflow(workflow), catalogue, { lookup: services.files })
  const made = plan(graph!)
  const clock = () => performance.now()
  const run = startRun(made, { services: servicesFor(services, made), clock })
  const { outputs } = await run.result
  await services.close()
  return digestOf((outputs.files as string[])[0]!)
}

describe('an executor with the demo model', () => {
  it('draws the picture that the same workflow gives without it, bit for bit', async () => {
    const run = follow(executor, twoLoras(), { run: 'first' })
    const end = await run.end
    expect(end.status).toBe('done')
    expect(end.results.picture).toMatchObject({ type: 'image', shape: [1, 3, 128, 128] })
    const [file] = end.results.files!.files!
    expect(await digestOf(join(folders.output, file!))).toBe(await drawnHere(twoLoras()))
    expect(run.events.filter(({ type }) => type === 'saved')).toEqual([
      { type: 'saved', run: 'first', node: 'save', files: [file] },
    ])
    expect(end.nodes.neon?.values?.lora).toMatchObject({
      type: 'lora<sd15>',
      text: expect.stringMatching(/^neon\.safetensors, rank .+ layers/),
    })
  })

  it('shows the sampler at work', async () => {
    const workflow = twoLoras(6)
    const run = follow(executor, workflow, { run: 'shown', outputs: ['sampler.latent'] })
    await run.end
    expect(run.frames.length).toBeGreaterThan(0)
    const { head, bytes } = run.frames[0]!
    expect(head).toMatchObject({ run: 'shown', node: 'sampler', item: 0, items: 1 })
    expect(await readPictureHeader('frame.webp', bytes)).toMatchObject({ width: head.width })
    const steps = run.events.flatMap((event) => (event.type === 'progress' ? event.step : []))
    expect(steps.at(-1)).toBe(6)
  })

  it('keeps pictures of what is on the wires', async () => {
    await follow(executor, twoLoras(), { run: 'kept' }).end
    const image = await pictures.get('kept', 'decode', 'image', 0)
    expect(await readPictureHeader('image.webp', image!)).toMatchObject({ width: 128, height: 128 })
    const latent = await pictures.get('kept', 'sampler', 'latent', 0)
    expect(await readPictureHeader('latent.webp', latent!)).toMatchObject({ width: 16 })
    expect(await pictures.get('kept', 'decode', 'image', 1)).toBeUndefined()
  })

  it('tries another ratio within the cache, writes nothing and shows the picture', async () => {
    const saved = () => readFileSync(join(folders.output, 'two-loras_00001_.png')).length
    const before = saved()
    const workflow = twoLoras()
    Object.assign(workflow.nodes.blend!.params, { ratio1: 0.1, ratio2: 0.9 })
    const run = follow(executor, workflow, { run: 'try', live: true })
    const end = await run.end
    expect(end.status).toBe('done')
    const cached = Object.entries(end.nodes).filter(([, { state }]) => state === 'cached')
    expect(cached.map(([id]) => id).sort()).toEqual(['canvas', 'checkpoint', 'neon', 'riso'])
    expect(end.nodes.save).toBeUndefined()
    expect(run.events.some(({ type }) => type === 'saved')).toBe(false)
    expect(saved()).toBe(before)
    const last = run.frames.filter(({ head }) => head.node === 'save')
    expect(last).toMatchObject([{ head: { width: 128, height: 128, item: 0, items: 1 } }])
    expect(end.results.picture).toMatchObject({ shape: [1, 3, 128, 128] })
    expect(await pictures.get('try', 'decode', 'image', 0)).toBeUndefined()
    const again = await follow(executor, workflow, { run: 'again', live: true }).end
    expect(new Set(Object.values(again.nodes).map(({ state }) => state))).toEqual(
      new Set(['cached']),
    )
  })

  it('hears of a ratio at the next step of a running sampler', async () => {
    const run = follow(executor, twoLoras(200), { run: 'slider' })
    await run.until((event) => event.type === 'progress' && event.step >= 2)
    expect(await run.set('blend', 'ratio1', 0.3)).toEqual({ applied: 'now' })
    const seen = run.events.length
    await run.until(
      (event) => event.type === 'progress' && run.events.lastIndexOf(event) > seen + 4,
    )
    run.cancel()
    const end = await run.end
    expect(end).toMatchObject({ status: 'cancelled', changes: { 'blend.ratio1': 0.3 } })
    expect(statesOf(run.events, 'blend').filter((state) => state === 'done')).toHaveLength(
      statesOf(run.events, 'blend').filter((state) => state === 'running').length,
    )
  })

  it('is killed in the middle of a step, says so and draws the next picture', async () => {
    const run = follow(executor, twoLoras(300), { run: 'killed', fresh: true })
    await run.until((event) => event.type === 'progress' && event.step >= 3)
    process.kill(executor.pid!, 'SIGKILL')
    const end = await run.end
    expect(end).toMatchObject({ status: 'failed', crashed: true })
    expect(end.error).toMatch(
      /^sampler: the process of the device ended \(signal SIGKILL\) at step \d+ of 300; /,
    )
    const next = await follow(executor, twoLoras(), { run: 'after' }).end
    expect(next.status).toBe('done')
    expect(next.nodes.sampler?.state).toBe('cached')
  })
})
