import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ensureDemo } from '../cli/demo-files.ts'
import { demoModels } from '../cli/folders.ts'
import { openServices, type Services } from '../context.ts'
import { drawPicture } from '../drawing/draw-picture.ts'
import { FormatError } from '../errors.ts'
import { decodeLatent } from '../inference/autoencode.ts'
import { encodePrompt } from '../inference/encode-prompt.ts'
import { sampleLatent, samplerParams } from '../inference/sample-latent.ts'
import type { Checkpoint } from '../models/checkpoint.ts'
import { readProbe } from '../training/probe/probe.ts'
import { type ProbePrompt, pairPrompts, probePrompts } from '../training/probe/prompts.ts'
import { judge, type MadePicture, type ProbeScore, summarise } from '../training/probe/score.ts'
import { type Bench, type Measurement, modelOf, openCheckpoint } from './bench.ts'
import type { FigureName, Measured } from './figures.ts'

/** Prompts and seeds are fixed: scores of different days are compared. */
const oneCount = 100
const pairCount = 24
const drawnCount = 200
const promptSeed = 1
const drawnSeed = 1000

/**
 * Draws fixed prompts with the demo model, or with the checkpoint of the bench if one is given, and
 * has a small classifier say what the pictures show. The same classifier judges drawn pictures that
 * it was not trained on: what it gets wrong there is its own part.
 */
export const probe: Measurement = {
  gives: [
    ...(['probe_object', 'probe_colour', 'probe_place', 'probe_time', 'probe_all'] as const),
    ...(['probe_pair_object', 'probe_pair_colour', 'probe_pair_all'] as const),
    ...(['probe_drawn_object', 'probe_drawn_colour', 'probe_drawn_all'] as const),
  ],
  opensCheckpoint: false,
  async measure(bench) {
    const file = join(demoModels, 'probe.safetensors')
    const network = readProbe(file, await readFile(file))
    const { folder } = bench
    const folders = { models: [demoModels], input: folder, output: folder, cacheDir: folder }
    const services = await openServices({ ...folders, provider: 'cpu' })
    const { pool } = await services.runtime()
    try {
      const draw = await painter(services, await openCheckpoint(await checkpointOf(bench)))
      const score = async (name: string, prompts: readonly ProbePrompt[]) => {
        const made: MadePicture[] = []
        for (const [index, { prompt, facts }] of prompts.entries()) {
          made.push({ facts, image: await draw(prompt, index) })
          if (made.length % 25 === 0) bench.io.print(`  ${name}: ${made.length} pictures drawn`)
        }
        const verdicts = await judge(pool, network, made)
        verdicts.forEach(({ seen, wrong }, index) => {
          if (wrong.length === 0) return
          const found = seen.map(({ colour, object }) => `${colour} ${object}`).join(', ')
          bench.io.print(`  wrong ${wrong.join(', ')}: ${prompts[index]!.prompt}: ${found}`)
        })
        return summarise(verdicts)
      }
      const one = await score('one object', probePrompts(oneCount, promptSeed))
      const pair = await score('two objects', pairPrompts(pairCount, promptSeed))
      const drawn = summarise(await judge(pool, network, drawnPictures()))
      return {
        ...shares('probe', one, ['object', 'colour', 'place', 'time', 'all']),
        ...shares('probe_pair', pair, ['object', 'colour', 'all']),
        ...shares('probe_drawn', drawn, ['object', 'colour', 'all']),
      }
    } finally {
      await services.close()
    }
  },
}

async function checkpointOf({ file }: Bench): Promise<string> {
  if (existsSync(file)) return file
  await ensureDemo(demoModels)
  return join(demoModels, 'checkpoints', 'demo.safetensors')
}

/** Draws a prompt as the demo does: Euler, 20 steps, guidance 4, 128 x 128. */
async function painter(services: Services, checkpoint: Checkpoint) {
  const { family, textEncoder, vae, unet } = checkpoint
  if (!textEncoder || !vae || !unet) {
    throw new FormatError('probe: a checkpoint without all networks given, one with them expected')
  }
  const runtime = await services.runtime()
  const encoder = { family, network: textEncoder, loras: [] }
  const encode = async (text: string) => {
    const settings = { text, style: 'comfy', skip: 1 } as const
    return (await encodePrompt(runtime, encoder, settings)).conditioning
  }
  const model = modelOf(checkpoint, [])
  const negative = await encode('')
  const empty = { data: new Float32Array(4 * 16 * 16), shape: [1, 4, 16, 16] }
  return async (prompt: string, seed: number): Promise<Float32Array> => {
    const positive = await encode(prompt)
    const inputs = { model, positive, negative, latent: { samples: empty, empty: true } }
    const params = samplerParams.parse({ seed, steps: 20, guidance: 4, sampler: 'euler' })
    const latent = await sampleLatent(inputs, params, {
      services,
      ...{ progress: nothing, preview: nothing, throwIfCancelled: nothing },
      latest: async () => ({ inputs, params }),
    })
    return (await decodeLatent(runtime.pool, { family, network: vae }, latent)).data
  }
}

function nothing(): void {}

function drawnPictures(): MadePicture[] {
  return probePrompts(drawnCount, drawnSeed).map(({ facts }, index) => ({
    facts,
    image: drawPicture(index, { seed: drawnSeed, facts }).image,
  }))
}

function shares(
  name: string,
  score: ProbeScore,
  questions: readonly (keyof Omit<ProbeScore, 'pictures'>)[],
): Partial<Record<FigureName, Measured>> {
  return Object.fromEntries(
    questions.map((question) => {
      const value = Math.round(1000 * score[question]) / 10
      return [`${name}_${question}`, { value, samples: [value] }]
    }),
  )
}
