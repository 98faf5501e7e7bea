import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseSafetensors } from '../../engine/formats/safetensors.ts'
import { type Lora, readLora } from '../../engine/lora/load.ts'
import type { AppliedLora } from '../../engine/lora/mix.ts'
import type { LoraNetwork } from '../../engine/lora/naming.ts'
import { checkMatched } from '../../engine/lora/resolve.ts'
import { goldenCases, goldenRoot, goldenTensors, relativeError, values } from '../support/golden.ts'
import { goldenLayers, goldenWeights, wholeChange } from './tiny.ts'

const cases = goldenCases('models/lora').filter(({ settings }) => settings.kind === 'lora')

interface Settings {
  base: string
  files: string[]
  strength?: number
  strengths?: number[]
  te_strengths?: number[]
  lbw?: number[]
}

const networks: Readonly<Record<string, LoraNetwork>> = {
  unet: 'unet',
  te: 'textEncoder',
  te1: 'textEncoder',
  te2: 'textEncoder2',
}

describe('the change of a weight is that of the reference implementations', () => {
  for (const { name, folder, settings } of cases) {
    test(name, () => {
      const { base, files, strength, strengths, te_strengths, lbw } =
        settings as unknown as Settings
      const loras = files.map(readFile)
      const model = {
        unet: goldenLayers(base, 'unet'),
        textEncoder: goldenLayers(base, 'textEncoder'),
        textEncoder2: goldenLayers(base, 'textEncoder2'),
      }
      for (const lora of loras) expect(checkMatched(lora, model)).toBeUndefined()
      const tensors = goldenTensors(join(folder, 'expected.safetensors'))
      const weights = new Map(
        (['unet', 'textEncoder', 'textEncoder2'] as const).map((network) => [
          network,
          goldenWeights(base, network),
        ]),
      )
      for (const key of tensors.keys()) {
        const found = /^delta\.(unet|te\d?)\.([^@]+)(?:@(.+))?$/.exec(key)
        if (!found) continue
        const [, prefix = '', layer = '', stated] = found
        const network = networks[prefix]!
        const list = loras.map((lora, index): AppliedLora => {
          const own = network === 'unet' ? strengths : te_strengths
          return {
            lora,
            strength: Number(stated ?? strength ?? own?.[index]),
            ...(lbw && stated === undefined && { blocks: lbw }),
          }
        })
        const change = wholeChange(list, layer, {
          network,
          layers: model[network],
          weight: (tensor) => values(weights.get(network)!, tensor),
        })
        expect(relativeError(change, values(tensors, key)), key).toBeLessThan(2e-6)
      }
    })
  }
})

function readFile(file: string): Lora {
  const path = join(goldenRoot, 'models', 'lora', file)
  return readLora(basename(file), parseSafetensors(file, readFileSync(path)), { key: file })
}
