import { describe, expect, it } from 'vitest'
import {
  loraBytes,
  loraModule,
  sdxlLoraShapes,
  sdxlShapes,
  tinyBytes,
  vaeBytes,
  withHeader,
  withNaN,
  withShapes,
} from '../support/bad-weights.ts'
import { filesBelow, openStudio, type Told } from '../support/studio.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { middleMask, rampPicture } from '../support/tiny-pictures.ts'
import {
  imageToImage,
  inpainting,
  loadModel,
  textToImage,
  type WorkflowJson,
} from '../support/tiny-workflows.ts'

const studio = openStudio()
const good = await rampPicture(64, 64)
const attention = 'down_blocks_0_attentions_0_transformer_blocks_0'
const convolution = 'lora_unet_down_blocks_0_downsamplers_0_conv'

/** A bad input: the workflow, files beside it, and what is set on the command line. */
interface Bad {
  workflow?: WorkflowJson | string
  files?: Record<string, Uint8Array | string>
  set?: string
}

/** Runs it in a folder of its own; says which files were there afterwards that were not before. */
async function run({ workflow = textToImage(), files = {}, set }: Bad) {
  const text = typeof workflow === 'string' ? workflow : JSON.stringify(workflow)
  const given = { ...files, 'w.json': text }
  const desk = temporaryFolder(given)
  const words = set === undefined ? [] : ['--set', set]
  const outcome = await studio.mazeru(desk, 'run', 'w.json', ...words)
  const made = filesBelow(desk).filter((name) => !(name in given))
  return { ...outcome, made }
}

/** Refused before anything ran: code 2, the sentence alone, not one file made. */
function refuses(title: string, bad: Bad, message: string) {
  it(`refuses ${title}`, async () => {
    const { code, stdout, stderr, made } = await run(bad)
    expect(stderr).toBe(`${message}\n`)
    expect({ code, stdout, made }).toEqual({ code: 2, stdout: '', made: [] })
  })
}

/** Failed while it ran: code 1, the sentence, no picture and nothing unfinished. */
function fails(title: string, bad: Bad, message: string) {
  it(`fails at ${title}`, async () => {
    const { code, stderr, made } = await run(bad)
    expect(failures({ stderr })).toEqual([message])
    expect(code).toBe(1)
    expect(made.filter((name) => !name.startsWith('cache/'))).toEqual([])
    expect(made.filter((name) => name.endsWith('unfinished'))).toEqual([])
  })
}

function failures({ stderr }: Pick<Told, 'stderr'>): string[] {
  const lines = stderr.split('\n').filter((line) => line.startsWith('failed: '))
  return [...new Set(lines)].map((line) => line.slice('failed: '.length))
}

const badCheckpoint = 'models/checkpoints/bad.safetensors'
const badLora = 'models/loras/bad.safetensors'
const stated = loadModel('bad.safetensors')
const vaeConfig = { vae: { normGroups: 8 } }
const unstated = { ...stated, params: { file: 'bad.safetensors' } }
const withLora = textToImage([{ file: 'bad.safetensors' }])

function checkpoint(bytes: Uint8Array, node = stated): Bad {
  const { nodes, ...workflow } = textToImage()
  return {
    workflow: { ...workflow, nodes: { ...nodes, checkpoint: node } },
    files: { [badCheckpoint]: bytes },
  }
}

function lora(bytes: Uint8Array): Bad {
  return { workflow: withLora, files: { [badLora]: bytes } }
}

function withNode(
  { nodes, ...workflow }: WorkflowJson,
  id: string,
  node: WorkflowJson['nodes'][string],
): WorkflowJson {
  return { ...workflow, nodes: { ...nodes, [id]: node } }
}

/** Image to image in a masked part of the latent. */
function maskedLatent(): WorkflowJson {
  const workflow = imageToImage(0.5)
  const mask = { type: 'load-mask', params: { file: 'mask.png' } }
  const { encode } = workflow.nodes
  const masked = { ...encode!, inputs: { ...encode!.inputs, mask: 'mask.mask' } }
  return withNode(withNode(workflow, 'mask', mask), 'encode', masked)
}

function withoutNegative(): WorkflowJson {
  const { sampler, ...nodes } = textToImage().nodes
  const { negative: _, ...inputs } = sampler!.inputs!
  return { ...textToImage(), nodes: { ...nodes, sampler: { ...sampler!, inputs } } }
}

describe('a file of weights', () => {
  const byte = (name: string, begin: number) =>
    `"${name}":{"dtype":"U8","shape":[2],"data_offsets":[${begin},${begin + 2}]}`

  refuses(
    'one that is cut off',
    checkpoint(tinyBytes().slice(0, 3_000_000)),
    'checkpoint: bad.safetensors: file has 3000000 bytes, 5742070 expected; it may be cut off, download it again',
  )
  refuses(
    'one that is cut off within its header',
    checkpoint(tinyBytes().slice(0, 300)),
    'checkpoint: bad.safetensors: file has 300 bytes, its header alone needs 126328',
  )
  refuses(
    'one that says its header is huge',
    checkpoint(withHeader('{}', 0, 3_100_000_000n)),
    'checkpoint: bad.safetensors: header says 3100000000 bytes, at most 100000000 can be read',
  )
  refuses(
    'one whose header is not JSON',
    checkpoint(withHeader('{"a":')),
    'checkpoint: bad.safetensors: header is not JSON, an object expected (Unexpected end of JSON input)',
  )
  refuses(
    'one with a name twice',
    checkpoint(withHeader(`{${byte('a', 0)},${byte('a', 0)}}`, 2)),
    'checkpoint: bad.safetensors: header has the key "a" twice, once expected',
  )
  refuses(
    'one whose tensors overlap',
    checkpoint(withHeader(`{${byte('a', 0)},${byte('b', 1)}}`, 3)),
    'checkpoint: bad.safetensors: tensor "b" overlaps the tensor before it: begins at 1, 2 expected',
  )
  refuses(
    'one without tensors',
    checkpoint(withHeader('{}')),
    'checkpoint: bad.safetensors: holds no tensor, expected weights of a known network',
  )
  refuses(
    'a LoRA that is cut off',
    lora(loraBytes('kohya_a.safetensors').slice(0, 100_000)),
    'lora1: bad.safetensors: file has 100000 bytes, 219828 expected; it may be cut off, download it again',
  )
  refuses(
    'a LoRA in the place of a checkpoint',
    checkpoint(loraBytes('kohya_a.safetensors')),
    'checkpoint: bad.safetensors: 630 tensors of a LoRA, expected a checkpoint; use load-lora',
  )
  refuses(
    'a checkpoint in the place of a LoRA',
    lora(tinyBytes()),
    'lora1: bad.safetensors: is a checkpoint, a LoRA expected; open it with load-model',
  )
  refuses(
    'an embedding in the place of a LoRA',
    lora(withShapes({ emb_params: [2, 768] })),
    'lora1: bad.safetensors: is an embedding (textual inversion), a LoRA expected; name it in the prompt',
  )
  refuses(
    'a VAE in the place of a checkpoint',
    checkpoint(vaeBytes(), { ...stated, params: { ...stated.params, config: vaeConfig } }),
    'checkpoint: bad.safetensors: no U-Net, expected a checkpoint with one',
  )
  refuses(
    'a checkpoint of SDXL, by its name',
    checkpoint(withShapes(sdxlShapes), unstated),
    'checkpoint: bad.safetensors: a checkpoint of Stable Diffusion XL, expected Stable Diffusion 1.x',
  )
  refuses(
    'a LoRA for SDXL, before a weight is read',
    lora(withShapes(sdxlLoraShapes)),
    'link from "lora1".lora to "blend".lora1: lora<sdxl> given, lora<sd15> expected; use one of lora<sd15> or change "checkpoint"',
  )
  fails(
    'a LoRA that fits no layer in size',
    lora(withShapes(loraModule(`lora_unet_${attention}_attn2_to_k`, 768, 320))),
    `blend: bad.safetensors: lora_unet_${attention}_attn2_to_k.lora_up.weight is [320, 4], [16, 4] expected by down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k, whose weight is [16, 32]; the file looks like a LoRA for Stable Diffusion 1.x`,
  )
})

describe('a value that is not a number', () => {
  const nan = (tensor: string) => checkpoint(withNaN(tinyBytes(), tensor))

  fails(
    'the U-Net that has one, and names file and step',
    nan('model.diffusion_model.input_blocks.0.0.weight'),
    'sampler: bad.safetensors: the U-Net in step 1 of 3 gave NaN, finite numbers expected; the weights may be damaged: download the file again, or try a smaller LoRA ratio',
  )
  it('fails at the text encoder that has one, at each prompt', async () => {
    const tensor = 'text_model.encoder.layers.0.self_attn.q_proj.weight'
    const { code, stderr, made } = await run(nan(`cond_stage_model.transformer.${tensor}`))
    const sentence =
      'bad.safetensors: text feature 0 of the prompt is NaN, a finite number expected; the weights may be damaged: download the file again, or try a smaller LoRA ratio or prompt weight'
    expect(failures({ stderr })).toEqual([`positive: ${sentence}`, `negative: ${sentence}`])
    expect(code).toBe(1)
    expect(made.filter((name) => !name.startsWith('cache/'))).toEqual([])
  })
  fails(
    'the VAE that has one when it decodes',
    nan('first_stage_model.decoder.conv_in.weight'),
    'decode: bad.safetensors: the VAE decoder gave NaN, finite numbers expected; the weights may be damaged: download the file again or take another with load-vae',
  )
  fails(
    'the VAE that has one when it encodes',
    {
      workflow: withNode(imageToImage(0.5), 'checkpoint', stated),
      files: {
        [badCheckpoint]: withNaN(tinyBytes(), 'first_stage_model.encoder.conv_in.weight'),
        'input/photo.png': good,
      },
    },
    'encode: bad.safetensors: the VAE encoder gave NaN, finite numbers expected; the weights may be damaged: download the file again or take another with load-vae',
  )
  fails(
    'a LoRA that has one',
    lora(withNaN(loraBytes('locon_b.safetensors'), `${convolution}.lora_down.weight`)),
    `lora1: bad.safetensors: ${convolution}.lora_down.weight has NaN at index 0, only finite numbers expected`,
  )
  fails(
    'a LoRA whose alpha is one',
    lora(withNaN(loraBytes('locon_b.safetensors'), `${convolution}.alpha`)),
    `lora1: bad.safetensors: ${convolution}.alpha has NaN at index 0, only finite numbers expected`,
  )
})

describe('keys of a LoRA that belong to no layer', () => {
  const partly = withShapes({
    ...loraModule(`lora_unet_${attention}_attn2_to_k`, 32, 16),
    ...loraModule('lora_unet_down_blocks_9_attentions_0_transformer_blocks_0_attn2_to_k', 32, 16),
  })
  const first = 'lora_unet_down_blocks_9_attentions_0_transformer_blocks_0_attn2_to_k'
  const sentence = `bad.safetensors: 3 of 6 keys belong to no layer of the model (${first}.alpha, ${first}.lora_down.weight, ${first}.lora_up.weight), all of them expected to`

  fails(
    'them, counts them and shows the first ones',
    lora(partly),
    `blend: ${sentence}; allowUnmatched lets the others apply`,
  )
  it('are a warning where the user allows them', async () => {
    const { code, stderr, made } = await run({ ...lora(partly), set: 'lora1.allowUnmatched=true' })
    expect(stderr).toContain(`warning: blend: ${sentence}\n`)
    expect(code).toBe(0)
    expect(made).toContain('output/fox_00001_.png')
  })
  it('name the family that the file is for', async () => {
    const foreign = lora(withShapes(sdxlLoraShapes))
    const { code, stderr } = await run({ ...foreign, set: 'lora1.allowUnmatched=true' })
    expect(stderr).toMatch(/warning: blend: bad\.safetensors: 6 of 6 keys belong to no layer/)
    expect(stderr).toContain('; the file looks like a LoRA for Stable Diffusion XL\n')
    expect(code).toBe(0)
  })
})

describe('a picture', async () => {
  const photo = (bytes: Uint8Array | string): Bad => ({
    workflow: imageToImage(0.5),
    files: { 'input/photo.png': bytes },
  })
  const expected = 'a PNG, JPEG, WebP or AVIF picture expected'

  fails('one that is a text', photo('hello'), `photo: photo.png: this is a text, ${expected}`)
  fails('one that is empty', photo(''), `photo: photo.png: this is an empty file, ${expected}`)
  fails(
    'one that is a ZIP',
    photo('PK\u0003\u0004 and so on'),
    `photo: photo.png: this is a zip archive, ${expected}`,
  )
  fails(
    'one that is cut off',
    photo(good.slice(0, good.length - 20)),
    `photo: photo.png: this is a PNG that cannot be decoded (vipspng: libpng read error), ${expected}`,
  )
  refuses(
    'one that is not there',
    { workflow: imageToImage(0.5) },
    'photo: file is "photo.png", expected a file in input; put it there',
  )
  fails(
    'one whose size is not divisible by 8',
    photo(await rampPicture(60, 64)),
    'encode: image: 60 x 64 pixels, expected multiples of 8; add resize-image or crop-image',
  )
  fails(
    'a mask of another size',
    {
      workflow: inpainting(),
      files: { 'input/photo.png': good, 'input/mask.png': await middleMask(32, 32) },
    },
    'inpaint: mask: 32 x 32 pixels, expected 64 x 64 as the image; add resize-image',
  )
  fails(
    'a mask of another size on a latent',
    {
      workflow: maskedLatent(),
      files: { 'input/photo.png': good, 'input/mask.png': await middleMask(32, 32) },
    },
    'encode: mask: 32 x 32 pixels, expected 64 x 64 as the image; add resize-image',
  )
})

describe('a param', () => {
  const cases: [set: string, message: string][] = [
    ['canvas.width=60', 'canvas: width is 60, expected 16 to 4096, a multiple of 8'],
    ['canvas.batch=0', 'canvas: batch is 0, expected 1 to 64'],
    ['sampler.steps=0', 'sampler: steps is 0, expected 1 to 1000'],
    ['sampler.guidance=nan', 'sampler: guidance is "nan", expected 0 to 100'],
    [
      'sampler.stepz=3',
      'sampler.stepz: no param "stepz", expected seed, steps, guidance, sampler, schedule, denoise, noise, eta; did you mean steps',
    ],
  ]
  for (const [set, message] of cases) refuses(`that cannot be: ${set}`, { set }, message)

  fails(
    'a denoise below 1 with nothing to keep',
    { set: 'sampler.denoise=0.5' },
    'sampler: denoise is 0.5 on an empty latent, expected 1; link encode-image to latent to start from a picture',
  )
  fails(
    'guidance without a negative prompt',
    { workflow: withoutNegative() },
    'sampler: guidance is 5 and no negative prompt is linked, expected one; link encode-prompt to negative or set guidance to 1',
  )
})

describe('a file name that leaves its folder', () => {
  for (const name of ['../x.safetensors', '/etc/passwd', 'a/../../x', 'C:\\x', '..\\x']) {
    const shown = JSON.stringify(name)
    const rest = 'a path inside the folder expected'
    refuses(
      `to load: ${name}`,
      { set: `checkpoint.file=${name}` },
      `checkpoint: checkpoints: name is ${shown}, ${rest}`,
    )
    refuses(
      `to save: ${name}`,
      { set: `save.name=${name}` },
      `save: output: name is ${shown}, ${rest}`,
    )
  }
  refuses(
    'or names none: fox/',
    { set: 'save.name=fox/' },
    'save: output: name is "fox/", a path inside the folder expected',
  )
})

describe('a workflow', () => {
  const { nodes, ...workflow } = textToImage()
  const misspelt = { ...nodes, sampler: { ...nodes.sampler!, type: 'sampelr' } }

  refuses(
    'of a newer version',
    { workflow: { ...textToImage(), version: 2 } },
    'w.json: version 2, at most 1 can be read; update mazeru to open it',
  )
  refuses(
    'with a key twice',
    { workflow: '{"version":1,"version":1}' },
    'w.json: line 1, column 14: key version stands twice, expected once',
  )
  refuses(
    'with a node twice',
    { workflow: '{"version":1,"nodes":{"a":{"type":"seed"},"a":{"type":"seed"}}}' },
    'w.json: line 1, column 43: key nodes.a stands twice, expected once',
  )
  refuses(
    'that is not JSON',
    { workflow: 'version: 1' },
    'w.json: line 1, column 1: "v" found, a value expected',
  )
  refuses(
    'that is empty',
    { workflow: '' },
    'w.json: line 1, column 1: end of file found, a value expected',
  )
  refuses(
    'with a node of unknown type',
    { workflow: { ...workflow, nodes: misspelt } },
    'sampler: type is "sampelr", expected a known type; did you mean sampler',
  )
})

describe('a strange prompt', () => {
  const works = (title: string, text: string) =>
    it(title, async () => {
      const { code, made } = await run({
        workflow: textToImage([], 1),
        set: `positive.text=${text}`,
      })
      expect(code).toBe(0)
      expect(made).toContain('output/fox_00001_.png')
    })

  works('of 10,000 words makes a picture', 'fox '.repeat(10_000))
  works('of emoji alone makes a picture', '🦊❄️👩‍👩‍👧‍👦🏳️‍🌈')
  works('of nothing makes a picture', '')
})
