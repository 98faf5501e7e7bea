import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { replaceFile } from '../files/save.ts'
import { randomCheckpoint, randomPresets } from '../models/random-checkpoint.ts'
import type { Workflow } from '../workflow/index.ts'
import { median } from './alternate.ts'
import type { Measurement } from './bench.ts'
import { runScript } from './child.ts'

const steps = 20

/** Text to image at 128 by 128, as the demo does it: guided, from the command line. */
const workflow: Workflow = {
  version: 1,
  outputs: { picture: 'save.files' },
  nodes: {
    load: { type: 'load-model', params: { file: 'tiny.safetensors' } },
    prompt: {
      type: 'encode-prompt',
      params: { text: 'a lighthouse in the fog' },
      inputs: { textEncoder: 'load.textEncoder' },
    },
    negative: { type: 'encode-prompt', inputs: { textEncoder: 'load.textEncoder' } },
    canvas: { type: 'empty-latent', params: { width: 128, height: 128 } },
    sampler: {
      type: 'sampler',
      params: { seed: 7, steps },
      inputs: {
        model: 'load.model',
        positive: 'prompt.conditioning',
        negative: 'negative.conditioning',
        latent: 'canvas.latent',
      },
    },
    decode: { type: 'decode', inputs: { vae: 'load.vae', latent: 'sampler.latent' } },
    save: { type: 'save-image', params: { name: 'bench' }, inputs: { image: 'decode.image' } },
  },
}

/** The command line from its start to its end, with nothing cached. */
export const picture: Measurement = {
  gives: ['tiny_seconds_to_picture'],
  opensCheckpoint: false,
  async measure({ io, folder, rounds }) {
    const models = join(folder, 'tiny')
    const output = join(models, 'output')
    const file = join(models, 'picture.json')
    await mkdir(models, { recursive: true })
    await replaceFile(
      join(models, 'checkpoints', 'tiny.safetensors'),
      randomCheckpoint(randomPresets.tiny, 7),
    )
    await writeFile(file, JSON.stringify(workflow))
    const main = join(import.meta.dirname, '..', 'main.ts')
    const words = ['run', file, '--models', models, '--out', output, '--no-cache']
    const seconds: number[] = []
    for (let round = 0; round < Math.min(rounds, 5); round++) {
      const { milliseconds } = await runScript(main, words, io.clock)
      seconds.push(milliseconds / 1000)
    }
    const pictures = (await readdir(output)).filter((name) => name.endsWith('.png'))
    if (pictures.length !== seconds.length) {
      throw new Error(`${output}: ${pictures.length} pictures, ${seconds.length} expected`)
    }
    await rm(models, { recursive: true })
    return { tiny_seconds_to_picture: median(seconds) }
  },
}
