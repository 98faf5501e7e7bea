import { describe, expect, it } from 'vitest'
import type { Services } from '../../engine/context.ts'
import { encodePrompt } from '../../engine/inference/encode-prompt.ts'
import { openPredictor } from '../../engine/inference/predict.ts'
import type { AppliedLora } from '../../engine/lora/mix.ts'
import type { Model, TextEncoder } from '../../engine/models/handles.ts'
import { layersOf } from '../../engine/models/weights.ts'
import { initialNoise } from '../../engine/sampling/noise.ts'
import { planSigmas } from '../../engine/sampling/plan-sigmas.ts'
import { discreteSigmas } from '../../engine/sampling/sigma-table.ts'
import type { LatentImage } from '../../engine/sockets.ts'
import { openStore } from '../../engine/store.ts'
import { createCache } from '../../engine/workflow/index.ts'
import { relativeError } from '../support/golden.ts'
import { seeded } from '../support/seeded.ts'
import { eventsOf, memoryCache, nodesWith, openStudio, told } from '../support/studio.ts'
import { temporaryFolder } from '../support/temporary.ts'
import {
  type BlendItem,
  textToImage,
  tinyConfig,
  type WorkflowJson,
} from '../support/tiny-workflows.ts'

const studio = openStudio()
const kohya = 'kohya_a.safetensors'
const locon = 'locon_b.safetensors'
const two = (first: number, second: number): BlendItem[] => [
  { file: kohya, ratio: first },
  { file: locon, ratio: second },
]
const dependants = ['blend', 'positive', 'negative', 'sampler', 'decode', 'save']

/** The latent that a workflow gives, computed without a cache. */
async function latentOf(workflow: WorkflowJson, set: Record<string, unknown> = {}) {
  const { run } = await studio.start(temporaryFolder(), onlyLatent(workflow), { set })
  return samples(await run.result)
}

function onlyLatent(workflow: WorkflowJson): WorkflowJson {
  return { ...workflow, outputs: { latent: 'sampler.latent' } }
}

function samples({ outputs }: { outputs: Record<string, unknown> }): Float32Array {
  const latent = outputs.latent as LatentImage | undefined
  if (!latent) throw new Error('no latent came out')
  return latent.samples.data
}

/** The handles that the nodes of a workflow pass on, and LoRAs by file. */
async function handles(services: Services) {
  const { family, prediction, unet, textEncoder } = await services.checkpoint(
    'checkpoints',
    'tiny.safetensors',
    tinyConfig,
  )
  const model: Model = { family, prediction, unet: unet!, name: 'tiny', loras: [] }
  const encoder: TextEncoder = { family, network: textEncoder!, loras: [] }
  const first = await services.lora(kohya, false)
  const second = await services.lora(locon, false)
  const loras = (...strengths: [number, number]): AppliedLora[] => [
    { lora: first, strength: strengths[0] },
    { lora: second, strength: strengths[1] },
  ]
  return { model, encoder, loras }
}

/**
 * Euler's method over the network, spelt out: `ratiosOf` gives the ratios of a step, from 0 on.
 * All else is as in `textToImage`.
 */
async function euler(
  steps: number,
  ratiosOf: (step: number) => [number, number],
  guidanceOf: (step: number) => number = () => 5,
) {
  const services = await studio.services(temporaryFolder())
  const { model, encoder, loras } = await handles(services)
  const runtime = await services.runtime()
  const table = discreteSigmas()
  const settings = { steps, sampler: 'euler', schedule: 'normal', denoise: 1, table } as const
  const sigmas = planSigmas(settings)
  const shape = [1, 4, 8, 8]
  const noise = initialNoise({ shape, seeds: [42], stream: 'cpu' })
  const start = Math.sqrt(1 + sigmas[0]! ** 2)
  let x = Float32Array.from(noise.data, (value) => value * start)
  for (let step = 0; step < steps; step++) {
    const [sigma, next] = [sigmas[step]!, sigmas[step + 1]!]
    const applied = loras(...ratiosOf(step))
    const contexts = []
    for (const text of ['a red fox in the snow', 'blurry']) {
      const prompt = { text, style: 'comfy', skip: 1 } as const
      const mixed = { ...encoder, loras: applied }
      contexts.push((await encodePrompt(runtime, mixed, prompt)).conditioning.context)
    }
    const predictor = await openPredictor(runtime.pool, runtime.feeder, { contexts, batch: 1 })
    const scaled = { data: x.map((value) => value / Math.sqrt(sigma ** 2 + 1)), shape }
    const times = [table.timestepOfSigma(sigma)]
    const predicted = await predictor.predict({ ...model, loras: applied }, scaled, times)
    const [cond, uncond] = predicted.map(({ data }) =>
      x.map((value, i) => value - sigma * data[i]!),
    )
    predictor.close()
    x = x.map((value, i) => {
      const denoised = uncond![i]! + guidanceOf(step) * (cond![i]! - uncond![i]!)
      return value + ((value - denoised) / sigma) * (next - sigma)
    })
  }
  return x
}

describe('a change of ratio', () => {
  it('builds no session, reads no weight and runs the same program', async () => {
    const services = await studio.services(temporaryFolder())
    const { pool, feeder } = await services.runtime()
    const { model, loras } = await handles(services)
    const session = async (...ratios: [number, number]) => {
      const { key } = feeder.prepare(loras(...ratios), 'unet', layersOf(model.unet.weights))
      return pool.session(`${model.unet.id} lora ${key}`, () => {
        throw new Error('not loaded yet')
      })
    }
    const first = await latentOf(textToImage(two(0.7, 0.4)))
    const loaded = await session(0.7, 0.4)
    const { sessionsBuilt, weightBytesRead } = pool.counters
    const before = { sessionsBuilt, weightBytesRead }
    const second = await latentOf(textToImage(two(-0.3, 1.5)))
    expect(pool.counters).toMatchObject(before)
    expect(before.sessionsBuilt).toBeGreaterThan(0)
    expect(before.weightBytesRead).toBeGreaterThan(0)
    expect(await session(-0.3, 1.5)).toBe(loaded)
    expect(relativeError(second, first)).toBeGreaterThan(0.01)
  })

  it('is nothing, bit for bit, where every ratio is 0', async () => {
    expect(await latentOf(textToImage(two(0, 0)))).toEqual(await latentOf(textToImage()))
  })

  it('leaves no trace: 10,000 changes and back are as a fresh process', {
    timeout: 60_000,
  }, async () => {
    const desk = temporaryFolder({ 'w.json': JSON.stringify(textToImage(two(0.7, 0.4))) })
    const fresh = studio.process(desk, 'run', 'w.json', '--json').ended
    const services = await studio.services(desk)
    const { feeder } = await services.runtime()
    const { model, encoder, loras } = await handles(services)
    const random = seeded(1)
    const ratio = () => random.below(4001) / 1000 - 2
    for (let change = 1; change <= 10_000; change++) {
      const applied = loras(ratio(), ratio())
      await feeder.prepare(applied, 'unet', layersOf(model.unet.weights)).feeds()
      await feeder.prepare(applied, 'textEncoder', layersOf(encoder.network.weights)).feeds()
      if (change % 2500 === 0) await latentOf(textToImage(two(ratio(), ratio()), 1))
    }
    const back = await latentOf(textToImage(two(0.7, 0.4)))
    expect((await fresh).code).toBe(0)
    const disk = openStore({ folder: `${desk}/cache`, maxBytes: 1e9 })
    const cache = createCache({ bytes: 1e9, codecs: services.codecs, disk })
    const { run } = await studio.start(desk, onlyLatent(textToImage(two(0.7, 0.4))), { cache })
    const result = await run.result
    expect(result.nodes.get('sampler')).toEqual({ state: 'disk' })
    expect(back).toEqual(samples(result))
  })
})

describe('a ratio that changes while a sampler runs', () => {
  const steps = 5
  const driven = withNumber(textToImage(two(0.7, 0.4), steps), ['blend.ratio1'])
  const cases: [title: string, workflow: WorkflowJson, node: string, param: string][] = [
    ['as a param', textToImage(two(0.7, 0.4), steps), 'blend', 'ratio1'],
    ['through a number that is linked', driven, 'number', 'value'],
  ]
  for (const [title, workflow, node, param] of cases) {
    it(`holds from the next step on, ${title}`, async () => {
      const set = { 'number.value': 0.7 }
      const options = workflow === driven ? { set } : {}
      const cache = await memoryCache(studio)
      const { run } = await studio.start(temporaryFolder(), onlyLatent(workflow), {
        cache,
        ...options,
      })
      for await (const event of run.events) {
        if (event.type !== 'progress' || event.step !== 2) continue
        expect(run.set(node, param, -0.5)).toEqual({ applied: 'now' })
      }
      const changed = samples(await run.result)
      const expected = await euler(steps, (step) => [step < 2 ? 0.7 : -0.5, 0.4])
      expect(relativeError(changed, expected)).toBeLessThan(1e-5)
      const plain = await euler(steps, () => [0.7, 0.4])
      expect(relativeError(changed, plain)).toBeGreaterThan(0.01)

      const again = await studio.start(temporaryFolder(), onlyLatent(workflow), {
        cache,
        ...options,
      })
      const events = await eventsOf(again)
      expect(nodesWith('started', events)).toEqual(['sampler'])
      expect(relativeError(samples(await again.run.result), plain)).toBeLessThan(1e-5)
    })
  }

  it('is not the only one: guidance follows too, what makes the sigmas waits', async () => {
    const workflow = onlyLatent(textToImage(two(0.7, 0.4), steps))
    const { run } = await studio.start(temporaryFolder(), workflow)
    const changes: Record<number, number> = { 1: 9, 3: 1 }
    for await (const event of run.events) {
      if (event.type !== 'progress' || !(event.step in changes)) continue
      const applied = run.set('sampler', 'guidance', changes[event.step])
      expect(applied).toEqual({ applied: 'now' })
      for (const [param, value] of Object.entries({ steps: 3, seed: 8, schedule: 'karras' })) {
        expect(run.set('sampler', param, value)).toEqual({ applied: 'next-run' })
      }
    }
    const guidance = (step: number) => (step < 1 ? 5 : step < 3 ? 9 : 1)
    const expected = await euler(steps, () => [0.7, 0.4], guidance)
    expect(relativeError(samples(await run.result), expected)).toBeLessThan(1e-5)
  })

  it('holds also where the prompts came from the disk', async () => {
    const desk = temporaryFolder()
    const { codecs } = await studio.services(desk)
    const disk = openStore({ folder: `${desk}/cache`, maxBytes: 1e9 })
    const workflow = onlyLatent(textToImage(two(0.7, 0.4), steps))
    const first = await studio.start(desk, workflow, {
      cache: createCache({ bytes: 1e9, codecs, disk }),
      set: { 'sampler.seed': 1 },
    })
    await first.run.result
    const cache = createCache({ bytes: 1e9, codecs, disk })
    const { run } = await studio.start(desk, workflow, { cache })
    for await (const event of run.events) {
      if (event.type !== 'progress' || event.step !== 3) continue
      expect(run.set('blend', 'ratio2', 1.2)).toEqual({ applied: 'now' })
    }
    const result = await run.result
    expect(result.nodes.get('positive')).toEqual({ state: 'disk' })
    const expected = await euler(steps, (step) => [0.7, step < 3 ? 0.4 : 1.2])
    expect(relativeError(samples(result), expected)).toBeLessThan(1e-5)
  })

  it('drives two blends from one number', async () => {
    const { nodes, ...workflow } = textToImage([{ file: kohya, ratio: 0.7 }], steps)
    const second: WorkflowJson = {
      ...workflow,
      nodes: {
        ...nodes,
        lora2: { type: 'load-lora', params: { file: locon } },
        more: {
          type: 'blend-loras',
          inputs: { model: 'blend.model', textEncoder: 'blend.textEncoder', lora1: 'lora2.lora' },
        },
        positive: moved(nodes.positive!, { textEncoder: 'more.textEncoder' }),
        negative: moved(nodes.negative!, { textEncoder: 'more.textEncoder' }),
        sampler: moved(nodes.sampler!, { model: 'more.model' }),
      },
    }
    const linked = withNumber(second, ['blend.ratio1', 'more.ratio1'])
    const set = { 'number.value': 0.6 }
    expect(await latentOf(linked, set)).toEqual(await latentOf(textToImage(two(0.6, 0.6), steps)))
    const { run } = await studio.start(temporaryFolder(), onlyLatent(linked), { set })
    for await (const event of run.events) {
      if (event.type === 'progress' && event.step === 1) run.set('number', 'value', 0.2)
    }
    const expected = await euler(steps, (step) => (step < 1 ? [0.6, 0.6] : [0.2, 0.2]))
    expect(relativeError(samples(await run.result), expected)).toBeLessThan(1e-5)
  })
})

describe('a blend', () => {
  it('does not depend on the order of its LoRAs', async () => {
    const there = await latentOf(textToImage(two(0.7, 0.4)))
    const back = await latentOf(textToImage(two(0.7, 0.4).reverse()))
    expect(relativeError(there, back)).toBeLessThan(1e-5)
  })

  it('adds up a LoRA that stands in it twice', async () => {
    const parts = [0.3, 0.4].map((ratio) => ({ file: kohya, ratio }))
    const twice = await latentOf(textToImage(parts))
    const once = await latentOf(textToImage([{ file: kohya, ratio: 0.7 }]))
    expect(relativeError(twice, once)).toBeLessThan(1e-5)
  })

  it('takes ratios that are negative or above 1', async () => {
    const latents = []
    for (const ratio of [-1.5, 0, 1, 2.5]) {
      latents.push(await latentOf(textToImage([{ file: kohya, ratio }])))
    }
    expect(latents[1]).toEqual(await latentOf(textToImage()))
    for (const latent of latents) expect(latent.every(Number.isFinite)).toBe(true)
    for (const latent of [latents[0]!, latents[3]!]) {
      expect(relativeError(latent, latents[1]!)).toBeGreaterThan(0.001)
      expect(relativeError(latent, latents[2]!)).toBeGreaterThan(0.001)
    }
  })

  it('keeps the ratio of the text encoder apart', async () => {
    const run = async (textRatio?: number, ratio = 0) => {
      const item = { file: kohya, ratio, ...(textRatio !== undefined && { textRatio }) }
      const workflow = textToImage([item], 1)
      const outputs = { latent: 'sampler.latent', text: 'positive.conditioning' }
      const { run } = await studio.start(temporaryFolder(), { ...workflow, outputs })
      const result = await run.result
      const text = result.outputs.text as { context: { data: Float32Array } }
      return { latent: samples(result), text: text.context.data }
    }
    const none = await run()
    const both = await run(undefined, 1)
    const inNetwork = await run(0, 1)
    const inText = await run(1, 0)
    expect(inNetwork.text).toEqual(none.text)
    expect(inText.text).toEqual(both.text)
    expect(relativeError(both.text, none.text)).toBeGreaterThan(0.001)
    for (const one of [none, both, inText]) expect(inNetwork.latent).not.toEqual(one.latent)
  })
})

describe('a prompt', () => {
  it('is not encoded again for a ratio that leaves the text encoder alone', async () => {
    const encoded = async (ratio: number, textRatio: number) => {
      const workflow = textToImage([{ file: kohya, ratio, textRatio }])
      const outputs = { text: 'positive.conditioning' }
      const { run } = await studio.start(temporaryFolder(), { ...workflow, outputs })
      return (await run.result).outputs.text
    }
    const first = await encoded(0.31, 0.5)
    expect(await encoded(-0.9, 0.5)).toBe(first)
    expect(await encoded(-0.9, 0.6)).not.toEqual(first)
  })
})

describe('a second run', { timeout: 60_000 }, () => {
  it('executes nothing, also in a new process, and one ratio only what depends on it', async () => {
    const desk = temporaryFolder({ 'w.json': JSON.stringify(textToImage(two(0.7, 0.4), 1)) })
    const first = await studio.mazeru(desk, 'run', 'w.json', '--json')
    expect(first.code).toBe(0)
    const second = told(await studio.process(desk, 'run', 'w.json', '--json').ended)
    expect(second.code).toBe(0)
    expect(nodesWith('started', second.events)).toEqual([])
    const changed = ['w.json', '--set', 'blend.ratio1=0.2', '--json'] as const
    const why = told(await studio.process(desk, 'why', ...changed).ended)
    const states = Object.fromEntries(
      (why.events as { node: string; state: string }[]).map(({ node, state }) => [node, state]),
    )
    for (const node of dependants) expect(states[node], node).toBe('run')
    expect(states.canvas).not.toBe('run')
    expect(why.events.find(({ node }) => node === 'blend')).toMatchObject({
      changed: [{ part: 'param ratio1', before: 0.7, after: 0.2 }],
    })
    const third = told(await studio.process(desk, 'run', ...changed).ended)
    const loaders = ['checkpoint', 'lora1', 'lora2']
    expect(nodesWith('started', third.events)).toEqual([...loaders, ...dependants])
  })

  it('of the same process takes what it loaded from memory', async () => {
    const desk = temporaryFolder()
    const cache = await memoryCache(studio)
    const workflow = textToImage(two(0.7, 0.4), 1)
    expect(
      nodesWith('started', await eventsOf(await studio.start(desk, workflow, { cache }))),
    ).toHaveLength(10)
    const set = { 'blend.ratio2': 0.9 }
    const events = await eventsOf(await studio.start(desk, workflow, { cache, set }))
    expect(nodesWith('started', events)).toEqual(dependants)
    const again = await eventsOf(await studio.start(desk, workflow, { cache, set }))
    expect(nodesWith('started', again)).toEqual([])
  })
})

/** The workflow with a number node linked to these params. */
function withNumber({ nodes, ...workflow }: WorkflowJson, targets: string[]): WorkflowJson {
  const changed: WorkflowJson['nodes'] = { ...nodes, number: { type: 'number' } }
  for (const target of targets) {
    const [id, param] = target.split('.') as [string, string]
    const { [param]: _, ...params } = changed[id]!.params ?? {}
    changed[id] = { ...moved(changed[id]!, { [param]: 'number.value' }), params }
  }
  return { ...workflow, nodes: changed }
}

function moved(node: WorkflowJson['nodes'][string], inputs: Record<string, string>) {
  return { ...node, inputs: { ...node.inputs, ...inputs } }
}
