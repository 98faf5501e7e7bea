import { describe, expect, it } from 'vitest'
import { readWeight } from '../../engine/files/read-weight.ts'
import { bakeWeights } from '../../engine/lora/bake.ts'
import { mixFactors } from '../../engine/lora/mix.ts'
import { layersOf, weightOf } from '../../engine/models/weights.ts'
import { continuedLora, initialLora, trainableOf } from '../../engine/training/initial-lora.ts'
import { type TrainSettings, trainSchema } from '../../engine/training/settings.ts'
import { checkpointOf, modelOf, singleFile, textEncoderOf, tinyModel } from '../support/tiny.ts'

const tiny = tinyModel('tiny-sd15')!
const checkpoint = checkpointOf(singleFile(tiny), tiny.config)
const [model, textEncoder] = [modelOf(checkpoint), textEncoderOf(checkpoint)]

describe('a LoRA that begins', () => {
  it.each(['lora', 'loha', 'lokr', 'dora'] as const)('changes nothing as %s', async (name) => {
    const lora = await begin({ networkAlgorithm: name, convDim: 2 })
    const layers = layersOf(model.unet.weights)
    const loras = [{ lora, strength: 1 }]
    for (const [layer, { up, down }] of mixFactors(loras, 'unet', layers)) {
      expect(up.every((value) => value === 0) || down.every((value) => value === 0), layer).toBe(
        true,
      )
    }
    const read = (tensor: string) => readWeight(weightOf(model.unet.weights, tensor))
    for (const [tensor, changed] of await bakeWeights(loras, 'unet', { layers, read })) {
      const weight = await read(tensor)
      const largest = Math.max(...changed.map((value, at) => Math.abs(value - weight[at]!)))
      expect(largest, tensor).toBeLessThan(1e-5)
    }
  })

  it('adapts what kohya adapts: attention and 1 x 1 layers, 3 x 3 ones where asked', async () => {
    const paths = async (settings: object) => {
      const { modules } = await begin({ networkTrainUnetOnly: true, ...settings })
      return modules.map(({ path }) => path)
    }
    const plain = await paths({})
    const withConv = await paths({ convDim: 2 })
    expect(plain.every((path) => path.includes('_attentions_'))).toBe(true)
    expect(plain).toContain('down_blocks_0_attentions_0_proj_in')
    expect(plain).toContain('mid_block_attentions_0_transformer_blocks_0_attn2_to_out_0')
    expect(withConv).toEqual(expect.arrayContaining(plain))
    expect(withConv).toContain('down_blocks_0_resnets_0_conv1')
    expect(withConv).toContain('up_blocks_0_upsamplers_0_conv')
    expect(withConv).not.toContain('conv_in')
  })

  it('has the first numbers of its seed, within one over the root of the inputs', async () => {
    const [first, again, other] = [await begin({}), await begin({}), await begin({}, 9)]
    const down = (lora: typeof first) => lora.modules[0]!.parts.get('down')!
    expect(down(again).data).toEqual(down(first).data)
    expect(down(other).data).not.toEqual(down(first).data)
    const bound = 1 / Math.sqrt(down(first).shape[1]!)
    const largest = Math.max(...down(first).data.map(Math.abs))
    expect(largest).toBeLessThanOrEqual(Math.fround(bound))
    expect(largest).toBeGreaterThan(bound / 2)
  })

  it('has the rank and alpha of its block', async () => {
    const blockDims = Array.from({ length: 25 }, (_, block) => (block === 12 ? 3 : block % 2))
    const blockAlphas = new Array<number>(25).fill(0)
    const { modules } = await begin({ networkTrainUnetOnly: true, blockDims, blockAlphas })
    const ranks = new Map(modules.map(({ path, parts }) => [path, parts.get('down')!.shape[0]]))
    expect(ranks.get('mid_block_attentions_0_proj_in')).toBe(3)
    // IN01, then IN02, which is left out.
    expect(ranks.get('down_blocks_0_attentions_0_proj_in')).toBe(1)
    expect(ranks.has('down_blocks_0_attentions_1_proj_in')).toBe(false)
    const mid = modules.find(({ path }) => path === 'mid_block_attentions_0_proj_in')!
    expect(mid.parts.get('alpha')!.data[0]).toBe(3)
  })

  it('of a rank above what a layer holds is refused', async () => {
    await expect(begin({ networkDim: 4000 })).rejects.toThrow(
      /^lora-init: rank 4000 for [\w.]+, at most \d+ expected, its smaller side; lower the rank$/,
    )
  })

  it('for a text encoder alone wants one', async () => {
    const settings = settingsOf({ networkTrainTextEncoderOnly: true })
    await expect(initialLora({ model, settings, seed: 1, readWeight })).rejects.toThrow(
      'lora-init: no layer is trained, a linked text encoder expected',
    )
  })

  it('may go on from another one, with its ranks', async () => {
    const from = { ...(await begin({ networkDim: 3 })), name: 'fox', key: 'fox' }
    const lora = continuedLora(from, settingsOf({ networkTrainUnetOnly: true }), 5)
    expect(lora.modules).toEqual(from.modules.filter(({ network }) => network === 'unet'))
    expect(trainableOf(lora)).toMatchObject({ seed: 5 })
    const bare = { ...from, modules: from.modules.filter(({ network }) => network === 'unet') }
    const text = settingsOf({ networkTrainTextEncoderOnly: true })
    expect(() => continuedLora(bare, text, 5)).toThrow(
      'fox: nothing for the text encoder, factors expected',
    )
  })
})

function settingsOf(changes: object): TrainSettings {
  return trainSchema.parse({ networkDim: 2, ...changes })
}

function begin(changes: object, seed = 1) {
  return initialLora({ model, textEncoder, settings: settingsOf(changes), seed, readWeight })
}
