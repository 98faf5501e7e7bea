import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseInfotext } from '../../engine/formats/infotext.ts'
import { generationOf } from '../../engine/formats/infotext-names.ts'
import { decodePicture } from '../../engine/formats/picture.ts'
import { readPngText } from '../../engine/formats/png-text.ts'
import type { Image, LatentImage } from '../../engine/sockets.ts'
import { parseWorkflow } from '../../engine/workflow/index.ts'
import { relativeError } from '../support/golden.ts'
import { eventsOf, filesBelow, openStudio } from '../support/studio.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { middleMask, rampPicture } from '../support/tiny-pictures.ts'
import {
  type BlendItem,
  imageToImage,
  inpainting,
  textToImage,
  type WorkflowJson,
} from '../support/tiny-workflows.ts'

const studio = openStudio()
const loras: BlendItem[] = [
  { file: 'kohya_a.safetensors', ratio: 0.7 },
  { file: 'locon_b.safetensors', ratio: 0.4, textRatio: 0.2 },
]
const photo = await rampPicture(64, 64)
const mask = await middleMask(64, 64)

const deskWith = (workflow: WorkflowJson) =>
  temporaryFolder({
    'w.json': JSON.stringify(workflow),
    'input/photo.png': photo,
    'input/mask.png': mask,
  })

async function textsOf(path: string): Promise<Record<string, string>> {
  const texts = readPngText(path, readFileSync(path))
  return Object.fromEntries(texts.map(({ keyword, text }) => [keyword, text]))
}

async function pixelsOf(path: string): Promise<Image> {
  return (await decodePicture(path, readFileSync(path))).image
}

/** The outputs of a workflow, computed without a cache. */
async function outputsOf(workflow: WorkflowJson, set: Record<string, unknown> = {}) {
  const { run } = await studio.start(deskWith(workflow), workflow, { set })
  const { outputs, status } = await run.result
  expect(status).toBe('done')
  return outputs as { latent: LatentImage; picture: Image; files: string[] }
}

describe('a saved picture', () => {
  it('says how it was made, as a workflow and in a line that others read', async () => {
    const desk = deskWith(textToImage(loras))
    const set = ['sampler.schedule=karras', 'sampler.sampler=dpmpp_2m', 'positive.skip=2']
    const words = set.flatMap((setting) => ['--set', setting])
    expect((await studio.mazeru(desk, 'run', 'w.json', ...words)).code).toBe(0)
    const { mazeru, parameters } = await textsOf(join(desk, 'output', 'fox_00001_.png'))
    const { nodes } = parseWorkflow(mazeru!)
    expect(nodes.blend!.params).toEqual({ ratio1: 0.7, ratio2: 0.4, textRatio2: 0.2 })
    expect(nodes.sampler!.params).toMatchObject({ schedule: 'karras', sampler: 'dpmpp_2m' })
    const { others, ...generation } = generationOf(parseInfotext(parameters!))
    expect(generation).toEqual({
      prompt: 'a red fox in the snow',
      negative: 'blurry',
      steps: 3,
      sampler: 'dpmpp_2m',
      schedule: 'karras',
      guidance: 5,
      seed: 42,
      width: 64,
      height: 64,
      model: 'tiny',
      clipSkip: 2,
    })
    expect(Object.fromEntries(others!)).toEqual({
      LoRAs: 'kohya_a: 0.7, locon_b: 0.4 (text 0.2)',
      Version: 'mazeru',
    })
  })

  it('runs again into the identical picture', async () => {
    const desk = deskWith(textToImage(loras))
    await studio.mazeru(desk, 'run', 'w.json')
    const first = join(desk, 'output', 'fox_00001_.png')
    const again = await studio.mazeru(desk, 'run', first, '--no-cache')
    expect(again.code).toBe(0)
    expect(filesBelow(join(desk, 'output'))).toEqual(['fox_00001_.png', 'fox_00002_.png'])
    const second = join(desk, 'output', 'fox_00002_.png')
    expect(readFileSync(second).equals(readFileSync(first))).toBe(true)
  })

  it('carries nothing where that is wanted', async () => {
    const desk = deskWith(textToImage())
    await studio.mazeru(desk, 'run', 'w.json', '--set', 'save.metadata=false')
    const path = join(desk, 'output', 'fox_00001_.png')
    expect(await textsOf(path)).toEqual({})
    const { code, stderr } = await studio.mazeru(desk, 'run', path)
    expect(stderr).toBe('fox_00001_.png: carries no text, a text "mazeru" expected\n')
    expect(code).toBe(2)
  })

  it('is made again when somebody has deleted it', async () => {
    const desk = deskWith(textToImage())
    await studio.mazeru(desk, 'run', 'w.json')
    const files = () => filesBelow(join(desk, 'output'))
    await studio.mazeru(desk, 'run', 'w.json')
    expect(files()).toEqual(['fox_00001_.png'])
    rmSync(join(desk, 'output', 'fox_00001_.png'))
    await studio.mazeru(desk, 'run', 'w.json')
    expect(files()).toEqual(['fox_00001_.png'])
    const elsewhere = await studio.mazeru(desk, 'run', 'w.json', '--out', 'other')
    expect(elsewhere.code).toBe(0)
    expect(filesBelow(join(desk, 'other'))).toEqual(['fox_00001_.png'])
  })
})

describe('picture i of a batch', () => {
  for (const sampler of ['euler', 'euler_ancestral', 'dpmpp_sde']) {
    it(`is its single run with seed + i: ${sampler}`, async () => {
      const set = { 'sampler.sampler': sampler }
      const batch = await outputsOf(textToImage(loras), { ...set, 'canvas.batch': 3 })
      expect(batch.latent.samples.shape).toEqual([3, 4, 8, 8])
      expect(batch.files).toHaveLength(3)
      for (const item of [0, 1, 2]) {
        const single = await outputsOf(textToImage(loras), { ...set, 'sampler.seed': 42 + item })
        const size = single.latent.samples.data.length
        const part = batch.latent.samples.data.subarray(item * size, (item + 1) * size)
        // The noise is the same, bit for bit; the network may add up a larger batch in another
        // order. Where it does not, as on most processors, the latents are the same too.
        expect(relativeError(part, single.latent.samples.data)).toBeLessThan(1e-5)
        const area = single.picture.data.length
        const pixels = batch.picture.data.subarray(item * area, (item + 1) * area)
        expect(relativeError(pixels, single.picture.data)).toBeLessThan(1e-5)
      }
    })
  }
})

describe('image to image', () => {
  it('keeps more of the picture the lower denoise is', async () => {
    const { image } = await decodePicture('photo.png', photo)
    const kept = await outputsOf({
      version: 1,
      outputs: { picture: 'decode.image', latent: 'encode.latent' },
      nodes: { ...imageToImage(1).nodes, decode: decodeOf('encode.latent') },
    })
    const distances = []
    for (const denoise of [0.1, 0.4, 0.7, 1]) {
      const { picture, latent } = await outputsOf(imageToImage(denoise, 6))
      expect(picture.shape).toEqual(image.shape)
      distances.push(distance(latent.samples.data, kept.latent.samples.data))
    }
    expect(distances).toEqual(distances.toSorted((a, b) => a - b))
    expect(distances[0]).toBeLessThan(distances[3]! / 3)
  })

  it('paints only where the latent has a mask', async () => {
    const { nodes, ...workflow } = imageToImage(0.8)
    const encode = { ...nodes.encode!, inputs: { ...nodes.encode!.inputs, mask: 'mask.mask' } }
    const loaded = { type: 'load-mask', params: { file: 'mask.png' } }
    const masked = { ...workflow, nodes: { ...nodes, encode, mask: loaded } }
    const before = await outputsOf({ ...masked, outputs: { latent: 'encode.latent' } })
    const after = await outputsOf(masked)
    const outside = [0, 1, 6, 7]
    after.latent.samples.data.forEach((value, i) => {
      const [x, y] = [i % 8, Math.floor(i / 8) % 8]
      const old = before.latent.samples.data[i]
      if (outside.includes(x) || outside.includes(y)) expect(value).toBe(old)
      else expect(value).not.toBe(old)
    })
  })
})

describe('inpainting', () => {
  it('leaves every pixel outside the mask as it was, also in the file', async () => {
    const desk = deskWith(inpainting())
    expect((await studio.mazeru(desk, 'run', 'w.json')).code).toBe(0)
    const found = await pixelsOf(join(desk, 'output', 'filled_00001_.png'))
    const { image } = await decodePicture('photo.png', photo)
    let changed = 0
    found.data.forEach((value, i) => {
      const [x, y] = [i % 64, Math.floor(i / 64) % 64]
      const isInside = x >= 16 && x < 48 && y >= 16 && y < 48
      if (!isInside) expect(value).toBe(image.data[i])
      else changed += Number(value !== image.data[i])
    })
    expect(changed).toBeGreaterThan(1000)
  })
})

describe('a preview', () => {
  it('shows every step of a sampler, and the picture of a preview node', async () => {
    const { nodes, ...workflow } = textToImage()
    const shown = { type: 'preview', inputs: { image: 'decode.image' } }
    const { save: _, ...others } = nodes
    const { run } = await studio.start(
      temporaryFolder(),
      { ...workflow, outputs: { shown: 'shown.image' }, nodes: { ...others, shown } },
      {},
    )
    const previews = (await eventsOf({ run })).flatMap((event) =>
      event.type === 'preview' ? [{ node: event.node, image: event.value as Image }] : [],
    )
    const sizes = previews.map(({ node, image }) => [node, ...image.shape])
    const small = ['sampler', 1, 3, 8, 8]
    expect(sizes).toEqual([small, small, small, ['shown', 1, 3, 64, 64]])
    for (const { image } of previews) {
      expect(image.data.every((value) => value >= 0 && value <= 1)).toBe(true)
      expect(new Set(image.data).size).toBeGreaterThan(10)
    }
  })
})

describe('the picture nodes', () => {
  const load = { photo: { type: 'load-image', params: { file: 'photo.png' } } }
  const only = (nodes: WorkflowJson['nodes'], picture: string) =>
    outputsOf({ version: 1, outputs: { picture }, nodes: { ...load, ...nodes } })

  it('crop a picture and its mask to the same rectangle', async () => {
    const region = { left: 8, top: 16, width: 24, height: 32 }
    const crop = { type: 'crop-image', params: region, inputs: { image: 'photo.image' } }
    const { picture } = await only({ crop }, 'crop.image')
    const { image } = await decodePicture('photo.png', photo)
    expect(picture.shape).toEqual([1, 3, 32, 24])
    expect(picture.data[0]).toBe(image.data[16 * 64 + 8])
    expect(picture.data.at(-1)).toBe(image.data[2 * 64 * 64 + 47 * 64 + 31])
    const both = { ...crop, inputs: { image: 'photo.image', mask: 'photo.mask' } }
    expect((await only({ crop: both }, 'crop.mask')).picture.shape).toEqual([1, 1, 32, 24])
  })

  it('resize a picture, or a mask alone', async () => {
    const params = { width: 40, height: 24 }
    const resize = { type: 'resize-image', params, inputs: { image: 'photo.image' } }
    expect((await only({ resize }, 'resize.image')).picture.shape).toEqual([1, 3, 24, 40])
    const alone = { ...resize, inputs: { mask: 'photo.mask' } }
    expect((await only({ resize: alone }, 'resize.mask')).picture.shape).toEqual([1, 1, 24, 40])
  })

  it('refuse an output whose input is not linked', async () => {
    const resize = { type: 'resize-image', inputs: { image: 'photo.image' } }
    const save = { type: 'save-image', inputs: { image: 'resize.mask' } }
    const desk = deskWith({ version: 1, outputs: {}, nodes: { ...load, resize, save } })
    const { code, stdout } = await studio.mazeru(desk, 'check', 'w.json')
    expect(stdout).toBe(
      'link from "resize".mask to "save".image: "resize" gives none without its input mask, expected a link to it\n',
    )
    expect(code).toBe(2)
  })
})

function decodeOf(latent: string) {
  return { type: 'decode', inputs: { vae: 'checkpoint.vae', latent } }
}

function distance(a: Float32Array, b: Float32Array): number {
  return Math.sqrt(a.reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0) / a.length)
}
