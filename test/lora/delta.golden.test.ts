import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { FormatError } from '../../engine/errors.ts'
import { parseSafetensors } from '../../engine/formats/safetensors.ts'
import type { NetworkLayers } from '../../engine/lora/layer-index.ts'
import { type Lora, readLora } from '../../engine/lora/load.ts'
import { type AppliedLora, deltaWeight, mixFactors, mixScales } from '../../engine/lora/mix.ts'
import type { LoraNetwork } from '../../engine/lora/naming.ts'
import { checkMatched } from '../../engine/lora/resolve.ts'
import { unetStructureOf, unetToLdm } from '../../engine/models/ldm-names.ts'
import { goldenCases, goldenRoot, goldenTensors, relativeError, values } from '../support/golden.ts'
import { goldenLayers } from './tiny.ts'

const cases = goldenCases('models/lora').filter(({ settings }) => settings.kind === 'lora')

interface Settings {
  base: string
  files: string[]
  strength?: number
  strengths?: number[]
  te_strengths?: number[]
  lbw?: number[]
  order?: string[]
}

const networks: Readonly<Record<string, LoraNetwork>> = {
  unet: 'unet',
  te: 'textEncoder',
  te1: 'textEncoder',
  te2: 'textEncoder2',
}

describe('the change of a weight is that of the reference implementations', () => {
  for (const { name, folder, settings } of cases) {
    test(name, (context) => {
      const { base, files, strength, strengths, te_strengths, lbw, order } =
        settings as unknown as Settings
      const loras: Lora[] = []
      for (const file of files) {
        const lora = readOrRefuse(file)
        if (!lora) return context.skip('the algorithm is not supported yet')
        loras.push(lora)
      }
      const model = {
        unet: goldenLayers(base, 'unet'),
        textEncoder: goldenLayers(base, 'textEncoder'),
        textEncoder2: goldenLayers(base, 'textEncoder2'),
      }
      for (const lora of loras) expect(checkMatched(lora, model)).toBeUndefined()
      const tensors = goldenTensors(join(folder, 'expected.safetensors'))
      for (const key of tensors.keys()) {
        const found = /^delta\.(unet|te\d?)\.([^@]+)(?:@(.+))?$/.exec(key)
        if (!found) continue
        const [, prefix = '', layer = '', stated] = found
        const network = networks[prefix]!
        const layers = model[network]
        const list = loras.map((lora, index): AppliedLora => {
          const own = network === 'unet' ? strengths : te_strengths
          return { lora, strength: Number(stated ?? strength ?? own?.[index]) }
        })
        const mix = mixFactors(list, network, layers)
        const weight = lbw && order ? blockWeight(layers, network, lbw, order) : undefined
        const delta = deltaWeight(mix.get(layer)!, mixScales(list, mix, weight).get(layer)!)
        expect(relativeError(delta, values(tensors, key)), key).toBeLessThan(2e-6)
      }
    })
  }
})

/** Undefined for a file that says itself that it cannot be applied yet. */
function readOrRefuse(file: string): Lora | undefined {
  const path = join(goldenRoot, 'models', 'lora', file)
  try {
    return readLora(basename(file), parseSafetensors(file, readFileSync(path)), { key: file })
  } catch (error) {
    if (error instanceof FormatError && error.message.endsWith('not supported yet'))
      return undefined
    throw error
  }
}

/** Weights by LDM block, the first for the text encoders. */
function blockWeight(
  layers: NetworkLayers,
  network: LoraNetwork,
  weights: number[],
  order: string[],
) {
  const structure = unetStructureOf(layers.keys())
  return (_index: number, layer: string): number => {
    if (network !== 'unet') return weights[0] ?? 1
    const [, side, number = ''] =
      /^(input|middle|output)_block(?:s\.(\d+))?/.exec(unetToLdm(layer, structure) ?? '') ?? []
    const block =
      side === 'middle' ? 'MID' : `${side === 'input' ? 'IN' : 'OUT'}${number.padStart(2, '0')}`
    return weights[order.indexOf(block)] ?? 1
  }
}
