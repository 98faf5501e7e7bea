/** Workflows of the tiny checkpoint, in the form of a file. */

type Node = {
  type: string
  params?: Record<string, unknown>
  inputs?: Record<string, string>
}

export interface WorkflowJson {
  version: number
  outputs: Record<string, string>
  nodes: Record<string, Node>
}

/** What the tensors of the tiny checkpoint do not tell. */
export const tinyConfig = {
  family: 'sd15',
  unet: { heads: 8, normGroups: 8 },
  textEncoder: { heads: 4 },
  vae: { normGroups: 8 },
}

/** A LoRA in a blend: its file and the params of its item. */
export interface BlendItem {
  file: string
  ratio?: number
  textRatio?: number
}

/** Text to image at 64 x 64; with LoRAs there is a blend before the sampler and the prompts. */
export function textToImage(loras: readonly BlendItem[] = [], steps = 3): WorkflowJson {
  const source = loras.length > 0 ? 'blend' : 'checkpoint'
  return {
    version: 1,
    outputs: { latent: 'sampler.latent', picture: 'save.image', files: 'save.files' },
    nodes: {
      checkpoint: loadModel(),
      ...blendNodes(loras),
      positive: prompt('a red fox in the snow', source),
      negative: prompt('blurry', source),
      canvas: { type: 'empty-latent', params: { width: 64, height: 64 } },
      sampler: {
        type: 'sampler',
        params: { seed: 42, steps, guidance: 5 },
        inputs: {
          model: `${source}.model`,
          positive: 'positive.conditioning',
          negative: 'negative.conditioning',
          latent: 'canvas.latent',
        },
      },
      decode: { type: 'decode', inputs: { vae: 'checkpoint.vae', latent: 'sampler.latent' } },
      save: { type: 'save-image', params: { name: 'fox' }, inputs: { image: 'decode.image' } },
    },
  }
}

/** Image to image from `input/photo.png`. */
export function imageToImage(denoise: number, steps = 4): WorkflowJson {
  const { nodes, ...workflow } = textToImage([], steps)
  const { canvas, sampler, ...others } = nodes
  return {
    ...workflow,
    nodes: {
      ...others,
      photo: { type: 'load-image', params: { file: 'photo.png' } },
      encode: { type: 'encode-image', inputs: { vae: 'checkpoint.vae', image: 'photo.image' } },
      sampler: {
        ...sampler!,
        params: { ...sampler!.params, denoise },
        inputs: { ...sampler!.inputs, latent: 'encode.latent' },
      },
    },
  }
}

/** Repaints `input/photo.png` where `input/mask.png` is white. */
export function inpainting(steps = 3): WorkflowJson {
  return {
    version: 1,
    outputs: { picture: 'save.image', files: 'save.files' },
    nodes: {
      checkpoint: loadModel(),
      positive: prompt('a red fox in the snow', 'checkpoint'),
      negative: prompt('blurry', 'checkpoint'),
      photo: { type: 'load-image', params: { file: 'photo.png' } },
      mask: { type: 'load-mask', params: { file: 'mask.png' } },
      inpaint: {
        type: 'inpaint',
        params: { seed: 42, steps, guidance: 5 },
        inputs: {
          model: 'checkpoint.model',
          positive: 'positive.conditioning',
          negative: 'negative.conditioning',
          vae: 'checkpoint.vae',
          image: 'photo.image',
          mask: 'mask.mask',
        },
      },
      save: { type: 'save-image', params: { name: 'filled' }, inputs: { image: 'inpaint.image' } },
    },
  }
}

/** The loader of the tiny checkpoint, or of a file that is made like it. */
export function loadModel(file = 'tiny.safetensors'): Node {
  return { type: 'load-model', params: { file, config: tinyConfig } }
}

function prompt(text: string, source: string): Node {
  return {
    type: 'encode-prompt',
    params: { text },
    inputs: { textEncoder: `${source}.textEncoder` },
  }
}

function blendNodes(loras: readonly BlendItem[]): Record<string, Node> {
  if (loras.length === 0) return {}
  const nodes: Record<string, Node> = {}
  const params: Record<string, unknown> = {}
  const inputs: Record<string, string> = {
    model: 'checkpoint.model',
    textEncoder: 'checkpoint.textEncoder',
  }
  loras.forEach(({ file, ratio, textRatio }, index) => {
    const item = index + 1
    nodes[`lora${item}`] = { type: 'load-lora', params: { file } }
    if (ratio !== undefined) params[`ratio${item}`] = ratio
    if (textRatio !== undefined) params[`textRatio${item}`] = textRatio
    inputs[`lora${item}`] = `lora${item}.lora`
  })
  return { ...nodes, blend: { type: 'blend-loras', params, inputs } }
}
