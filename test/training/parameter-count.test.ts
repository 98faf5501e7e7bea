import { describe, expect, it } from 'vitest'
import { encodeSafetensors } from '../../engine/formats/safetensors.ts'
import { type Blueprint, blueprintTensors, parameterCount } from '../../engine/models/blueprint.ts'
import { attentionLayers } from '../../engine/models/random-lora.ts'
import { initialParts } from '../../engine/training/initial/parts.ts'
import {
  type CountedLayer,
  countParameters,
  parameterCountText,
} from '../../engine/training/parameter-count.ts'
import { networkAlgorithms } from '../../engine/training/settings/network.ts'
import { savePrecisions } from '../../engine/training/settings/saving.ts'

const layers: readonly CountedLayer[] = [
  { key: 'lora_unet_a', shape: [96, 64], rank: 4 },
  { key: 'lora_unet_b', shape: [64, 64, 3, 3], rank: 8 },
  { key: 'lora_te_c', shape: [77, 13], rank: 1 },
  { key: 'lora_te_d', shape: [8, 8], rank: 8 },
]
const frozen = layers

/** Every tensor that a training begins with, as a file. */
async function wholeFile(
  networkAlgorithm: (typeof networkAlgorithms)[number],
  factor: number,
  savePrecision: (typeof savePrecisions)[number],
) {
  const [dtype, size] = { float: ['F32', 4], fp16: ['F16', 2], bf16: ['BF16', 2] }[
    savePrecision
  ] as ['F32' | 'F16' | 'BF16', number]
  const tensors = new Map()
  let numbers = 0
  for (const { key, shape, rank } of layers) {
    const weight = async () => new Float32Array(shape.reduce((all, side) => all * side))
    const layer = { shape, rank, factor, seed: [1, key] as const, weight }
    for await (const { part, shape, data } of initialParts(networkAlgorithm, layer)) {
      const name = { down: 'lora_down.weight', up: 'lora_up.weight' }[String(part)] ?? part
      tensors.set(`${key}.${name}`, { dtype, shape, bytes: new Uint8Array(data.length * size) })
      numbers += data.length
    }
    tensors.set(`${key}.alpha`, { dtype, shape: [], bytes: new Uint8Array(size) })
  }
  return { numbers, bytes: encodeSafetensors(tensors).length }
}

describe('counting the numbers of a training', () => {
  for (const networkAlgorithm of networkAlgorithms) {
    it.each(savePrecisions)(`counts what ${networkAlgorithm} begins with, as %s`, async (save) => {
      for (const factor of networkAlgorithm === 'lokr' ? [-1, 2, 4, 8] : [-1]) {
        const settings = { networkAlgorithm, factor, savePrecision: save }
        const { numbers, bytes } = await wholeFile(networkAlgorithm, factor, save)
        expect(countParameters(layers, frozen, settings)).toEqual({
          trainable: numbers,
          frozen: 96 * 64 + 64 * 64 * 9 + 77 * 13 + 64,
          fileBytes: bytes,
        })
      }
    })
  }

  it('counts a LoRA of rank 8 for SD 1.5', () => {
    const blueprint: Blueprint = {
      unet: { channels: [320, 640, 1280, 1280], contextSize: 768 },
      textEncoder: { width: 768, layers: 12 },
      vae: { channels: [128, 256, 512, 512] },
    }
    const tensors = blueprintTensors(blueprint)
    const linear = [...attentionLayers(blueprint).unet]
    const counted = linear.map(([name, shape]) => ({ key: `lora_unet_${name}`, shape, rank: 8 }))
    const count = countParameters(counted, tensors, {
      networkAlgorithm: 'lora',
      factor: -1,
      savePrecision: 'fp16',
    })
    const expected = linear.reduce((sum, [, [out = 0, inner = 0]]) => sum + 8 * (out + inner), 0)
    expect(count.trainable).toBe(expected)
    expect(count.frozen).toBe(parameterCount(tensors))
    expect(parameterCountText(count)).toMatch(
      /^\d \d{3} \d{3} of 1 \d{3} \d{3} \d{3} numbers learn \(0\.\d+ %\), a file of \d\.\d MB$/,
    )
  })

  it('says the counts in a sentence', () => {
    expect(parameterCountText({ trainable: 3000, frozen: 297000, fileBytes: 6100 })).toBe(
      '3 000 of 300 000 numbers learn (1.0 %), a file of 7 kB',
    )
  })
})
