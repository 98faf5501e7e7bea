import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openStudio } from '../support/studio.ts'
import {
  deskWithPictures,
  failureOf,
  metrics,
  networks,
  runOn,
  trainingFeeds,
  trainingNodes,
  trainingWorkflow,
  trainNode,
} from '../support/training-workflow.ts'

const studio = openStudio()

/** Loading a program of gradients takes seconds, more where the machine has other work. */
const patience = 300_000

/** Draws with the LoRA that a node gives. */
function drawn(lora: string) {
  return {
    blend: {
      type: 'blend-loras',
      params: { ratio1: 1 },
      inputs: { model: networks.model, textEncoder: networks.textEncoder, lora1: lora },
    },
    prompt: {
      type: 'encode-prompt',
      params: { text: 'a fox' },
      inputs: { textEncoder: 'blend.textEncoder' },
    },
    canvas: { type: 'empty-latent', params: { width: 64, height: 64 } },
    sampler: {
      type: 'sampler',
      params: { steps: 2, guidance: 1 },
      inputs: { model: 'blend.model', positive: 'prompt.conditioning', latent: 'canvas.latent' },
    },
  }
}

describe('a workflow that trains', () => {
  it(
    'makes a LoRA and draws with it, with no file between',
    async () => {
      const desk = await deskWithPictures(4)
      const workflow = {
        version: 1,
        outputs: { latent: 'sampler.latent', training: 'train.training' },
        nodes: { ...trainingNodes, train: trainNode(), ...drawn('train.lora') },
      }
      const { events, result } = await runOn(studio, desk, workflow)
      expect(result.outputs.training).toMatchObject({ status: 'finished', step: 4 })
      const steps = events.filter((event) => event.type === 'metric' && event.name === 'step')
      expect(steps).toHaveLength(4)
      expect(steps[3]).toMatchObject({
        values: { step: 4, rates: { unet: expect.any(Number) }, memory: expect.any(Number) },
      })
      const progress = events.filter(({ type }) => type === 'progress')
      expect(progress).toContainEqual(
        expect.objectContaining({
          node: 'train',
          step: 4,
          note: expect.stringMatching(/^loss \d/),
        }),
      )
      const folder = join(desk, 'output', 'training', 'fox')
      expect(readdirSync(folder)).toEqual(['fox.safetensors', 'log.jsonl', 'state'])
      expect(readdirSync(join(folder, 'state'))).toEqual([
        '00000002.safetensors',
        '00000004.safetensors',
      ])
    },
    patience,
  )

  it(
    'goes on where a stopped run ended, and refuses other settings',
    async () => {
      const desk = await deskWithPictures(4)
      const started = await studio.start(desk, trainingWorkflow({ maxTrainSteps: 300 }))
      for await (const event of started.run.events) {
        const isStep = event.type === 'metric' && event.name === 'step'
        if (isStep) expect(started.run.set('train', 'stop', true)).toEqual({ applied: 'now' })
      }
      const stopped = (await started.run.result).outputs.training as {
        step: number
        status: string
      }
      expect(stopped.status).toBe('stopped')
      const next = trainingWorkflow({ maxTrainSteps: stopped.step + 2 })
      const { events, result } = await runOn(studio, desk, next)
      expect(metrics(events, 'resumed')).toEqual([expect.objectContaining({ step: stopped.step })])
      expect(result.outputs.training).toMatchObject({ status: 'finished', step: stopped.step + 2 })
      const other = await runOn(studio, desk, trainingWorkflow({ trainBatchSize: 2 }))
      expect(failureOf(other.events)).toBe(
        'train: training "fox": trainBatchSize is 2 and was 1 since its state was saved, the same settings expected; set them back, choose another name or set resume to restart',
      )
    },
    patience,
  )

  it(
    'saves, draws and learns at another rate when it is told to, and stops',
    async () => {
      const desk = await deskWithPictures(3)
      const samplePrompts = [{ prompt: 'a fox', width: 64, height: 64, steps: 1 }]
      const optimizer = { type: 'optimizer', params: { learningRate: 0.01 } }
      const params = { maxTrainSteps: 300, stateEveryNSteps: 300, samplePrompts }
      const started = await studio.start(desk, trainingWorkflow(params, { optimizer }))
      const tell = (param: string, value: unknown) => {
        expect(started.run.set('train', param, value)).toEqual({ applied: 'now' })
      }
      // Each is told once the one before it was seen to be done.
      const seen: Record<string, unknown>[] = []
      const rates: number[] = []
      for await (const event of started.run.events) {
        if (event.type !== 'metric') continue
        const { name, values } = event
        if (name === 'saved' || name === 'sample') seen.push(values)
        if (name === 'step') rates.push((values.rates as { unet: number }).unet)
        if (name === 'step' && rates.length === 1) tell('saveNow', 1)
        if (name === 'saved' && values.what === 'state' && seen.length === 2) tell('sampleNow', 1)
        if (name === 'sample') tell('rateFactor', 0.5)
        if (rates.at(-1) === 0.005) tell('stop', true)
      }
      const { step, status } = (await started.run.result).outputs.training as {
        step: number
        status: string
      }
      expect({ status, step }).toEqual({ status: 'stopped', step: rates.length })
      expect(new Set(rates)).toEqual(new Set([0.01, 0.005]))
      const saved = (seen[0] as { step: number }).step
      const folder = join(desk, 'output', 'training', 'fox')
      const named = `fox-step${String(saved).padStart(8, '0')}.safetensors`
      expect(readdirSync(folder).filter((name) => name.endsWith('.safetensors'))).toEqual([
        named,
        'fox.safetensors',
      ])
      const drawn = readdirSync(join(folder, 'samples'))
      expect(drawn).toEqual([expect.stringMatching(/^\d{8}-00\.png$/)])
      expect(Number(drawn[0]!.slice(0, 8))).toBeGreaterThanOrEqual(saved)
    },
    patience,
  )

  it(
    'goes step by step, and draws in between',
    async () => {
      const desk = await deskWithPictures(3)
      const step = (lora: string) => ({
        type: 'train-step',
        params: { count: 2 },
        inputs: { ...trainingFeeds, lora },
      })
      const measured = (lora?: string) => ({
        type: 'validation',
        inputs: { ...networks, dataset: 'pictures.dataset', ...(lora && { lora }) },
      })
      const { result } = await runOn(studio, desk, {
        version: 1,
        outputs: {
          ...{ latent: 'sampler.latent', first: 'one.step', last: 'two.step' },
          ...{ before: 'plain.loss', after: 'trained.loss' },
        },
        nodes: {
          ...trainingNodes,
          one: step('begin.lora'),
          two: step('one.lora'),
          ...drawn('one.lora'),
          plain: measured(),
          trained: measured('two.lora'),
        },
      })
      expect(result.status).toBe('done')
      expect(result.outputs).toMatchObject({ first: 2, last: 4 })
      const { before, after } = result.outputs as { before: number; after: number }
      expect(before).toBeGreaterThan(0)
      expect(after).not.toBe(before)
    },
    patience,
  )
})
