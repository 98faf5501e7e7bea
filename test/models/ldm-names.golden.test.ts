import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  unetFromLdm,
  unetStructureOf,
  unetToLdm,
  vaeFromLdm,
  vaeToLdm,
} from '../../engine/models/ldm-names.ts'
import { shapesIn } from '../lora/tiny.ts'
import { goldenFiles, goldenRoot, goldenTensors } from '../support/golden.ts'

type Shapes = ReadonlyMap<string, readonly number[]>

const models = readdirSync(join(goldenRoot, 'models')).filter(
  (model) => shapesIn(`models/${model}/diffusers/unet`).length > 0,
)

describe('every weight of a diffusers folder is a weight of the single file, one to one', () => {
  test.each(models)('U-Net of %s', (model) => {
    const canonical = new Map(shapesIn(`models/${model}/diffusers/unet`))
    const structure = unetStructureOf(canonical.keys())
    checkNames(canonical, singleFile(model, 'model.diffusion_model.', canonical.size), {
      toLdm: (name) => unetToLdm(name, structure),
      fromLdm: (name) => unetFromLdm(name, structure),
    })
  })

  test.each(models)('VAE of %s', (model) => {
    const structure = { layersPerBlock: 2, blocks: 4 }
    const canonical = new Map(shapesIn(`models/${model}/diffusers/vae`))
    checkNames(canonical, singleFile(model, 'first_stage_model.', canonical.size), {
      toLdm: (name) => vaeToLdm(name, structure),
      fromLdm: (name) => vaeFromLdm(name, structure),
    })
  })
})

/** The network in the single file beside the folder that has as many weights of it. */
function singleFile(model: string, prefix: string, size: number): Shapes {
  const networks = goldenFiles(`models/${model}`, '.safetensors').map((file) => {
    const named = [...goldenTensors(file)].filter(([name]) => name.startsWith(prefix))
    return new Map(named.map(([name, { shape }]) => [name.slice(prefix.length), shape]))
  })
  return networks.find((network) => network.size === size) ?? new Map()
}

function checkNames(
  canonical: Shapes,
  ldm: Shapes,
  names: Record<'toLdm' | 'fromLdm', (name: string) => string | undefined>,
): void {
  const translated = [...canonical.keys()].map((name) => names.toLdm(name))
  expect([...translated].sort()).toEqual([...ldm.keys()].sort())
  for (const [name, shape] of ldm) {
    const found = names.fromLdm(name) ?? ''
    expect(names.toLdm(found)).toBe(name)
    expect(asMatrix(canonical.get(found)), name).toEqual(asMatrix(shape))
  }
}

/** A 1x1 convolution and a linear layer have the same numbers. */
function asMatrix(shape: readonly number[] | undefined): readonly number[] | undefined {
  return shape?.slice(2).every((size) => size === 1) ? shape.slice(0, 2) : shape
}
