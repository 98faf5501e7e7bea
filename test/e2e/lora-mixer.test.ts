import { expect, test } from 'vitest'
import type { LatentImage } from '../../engine/sockets.ts'
import { memoryCache, openStudio } from '../support/studio.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { textToImage, type WorkflowJson } from '../support/tiny-workflows.ts'

const studio = openStudio()
const kohya = 'kohya_a.safetensors'
const locon = 'locon_b.safetensors'

/** As `textToImage` with a mixer in place of its blend and its LoRA nodes. */
function mixed(params: Record<string, unknown>): WorkflowJson {
  const workflow = textToImage([{ file: kohya, ratio: 1 }])
  const { blend, ...others } = workflow.nodes
  const nodes = Object.entries(others).filter(([, { type }]) => type !== 'load-lora')
  const { model, textEncoder } = blend!.inputs!
  const mixer = { type: 'lora-mixer', params, inputs: { model: model!, textEncoder: textEncoder! } }
  return { ...workflow, nodes: { ...Object.fromEntries(nodes), blend: mixer } }
}

async function latentOf(workflow: WorkflowJson): Promise<Float32Array> {
  const wanted = { ...workflow, outputs: { latent: 'sampler.latent' } }
  const { run } = await studio.start(temporaryFolder(), wanted)
  const { outputs } = await run.result
  return (outputs.latent as LatentImage).samples.data
}

test('a mixer draws what its LoRAs loaded and blended draw', async () => {
  const blended = await latentOf(
    textToImage([
      { file: kohya, ratio: 0.7 },
      { file: locon, ratio: 0.4, textRatio: 0.1 },
    ]),
  )
  const both = { file1: kohya, ratio1: 0.7, file2: locon, ratio2: 0.4, textRatio2: 0.1 }
  expect(await latentOf(mixed(both))).toEqual(blended)
  const one = await latentOf(textToImage([{ file: kohya, ratio: 0.7 }]))
  expect(await latentOf(mixed({ ...both, on2: false }))).toEqual(one)
  expect(one).not.toEqual(blended)
})

test('a mixer without LoRAs changes nothing', async () => {
  expect(await latentOf(mixed({}))).toEqual(await latentOf(textToImage()))
})

test('after a change of a ratio only the mixer and what follows it runs again', async () => {
  const cache = await memoryCache(studio)
  const desk = temporaryFolder()
  const workflow = mixed({ file1: kohya, ratio1: 0.7 })
  const first = await studio.start(desk, workflow, { cache })
  await first.run.result
  const second = await studio.start(desk, workflow, { cache, set: { 'blend.ratio1': 0.2 } })
  const { nodes } = await second.run.result
  expect(nodes.get('checkpoint')!.state).not.toBe('ran')
  expect(nodes.get('canvas')!.state).not.toBe('ran')
  expect(nodes.get('sampler')!.state).toBe('ran')
})
