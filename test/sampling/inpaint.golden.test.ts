import { expect, test } from 'vitest'
import { differentialMask, maskedDenoiser, maskForLatent } from '../../engine/sampling/inpaint.ts'
import { prepareInpaint } from '../../engine/sampling/inpaint-prepare.ts'
import type { Latent } from '../../engine/sampling/latent.ts'
import { stepNoise } from '../../engine/sampling/noise.ts'
import { isSamplerName, type SamplerName, samplers } from '../../engine/sampling/samplers.ts'
import { discreteSigmas } from '../../engine/sampling/sigma-table.ts'
import {
  expectKnown,
  forCases,
  goldenSet,
  largestGap,
  reportNotCovered,
  toDouble,
} from './golden-data.ts'
import { doubleTolerance, notBuilt, type ReplayCase, replay } from './replay.ts'
import { type Toy, toyDenoiser } from './toy.ts'

interface Case extends ReplayCase {
  mask: string
  mask_noise?: string
  differential_strength?: number
}

interface Inpainting {
  toy: Toy
  x_init: string
  schedules: Record<string, number[]>
  cases: Case[]
  mask_reshape: { id: string; latent_shape: number[] }[]
  inpaint_prep: { id: string; grow_mask_by: number }[]
}

const golden = goldenSet<Inpainting>('samplers/inpaint/inpaint')
const cases = golden?.json.cases ?? []
const table = discreteSigmas()
/** Where the data suggest no tolerance. */
const otherwise = 5e-5

expectKnown(
  'sampler',
  cases.map(({ sampler }) => sampler),
  new Set([...Object.keys(samplers), ...notBuilt]),
)
reportNotCovered(
  'samplers',
  cases.map(({ sampler }) => sampler).filter((sampler) => !isSamplerName(sampler)),
)

forCases('masked sampling of the reference', cases, (one) => {
  if (!isSamplerName(one.sampler)) return
  test(one.id, async () => {
    const single = await run(one, (latent) => latent)
    const gap = largestGap(single.x.data, golden!.latent(one.x_final).data)
    expect(gap).toBeLessThanOrEqual(one.tol ?? otherwise)
    const recorded = golden!.latent(one.x_calls as string)
    single.calls.forEach(({ x, sigma }, i) => {
      const expected = recorded.data.slice(i * x.data.length, (i + 1) * x.data.length)
      const callGap = largestGap(x.data, expected) / Math.max(1, sigma)
      expect(callGap, `call ${i}`).toBeLessThanOrEqual(one.tol_calls ?? otherwise)
    })
    if (!one.x_final_f64) return
    const double = await run(one, toDouble)
    const gapDouble = largestGap(double.x.data, golden!.latent(one.x_final_f64).data)
    expect(gapDouble).toBeLessThan(doubleTolerance(one.sampler))
  })
})

async function run(one: Case, precision: (latent: Latent) => Latent) {
  const { json, latent } = golden!
  const sigmas = json.schedules[one.sigmas] as number[]
  const read = (name: string) => precision(latent(name))
  const softMask = read(one.mask)
  const startNoise = read(json.x_init)
  const { ownMaskNoise } = samplers[one.sampler as SamplerName]
  const settings = { shape: startNoise.shape, seeds: [one.seed], stream: 'cpu' } as const
  const denoise = maskedDenoiser({
    denoise: toyDenoiser(json.toy, latent(json.toy.means_tensor), one.cfg),
    latent: read(one.latent as string),
    noise: ownMaskNoise ? precision(stepNoise(settings)(1, 0)) : startNoise,
    mask:
      one.differential_strength === undefined
        ? softMask
        : differentialMask({
            mask: softMask,
            sigmas,
            table,
            strength: one.differential_strength,
          }),
  })
  return replay({ one, denoise, sigmas, read, start: startNoise })
}

forCases('masks', golden?.json.mask_reshape, ({ id, latent_shape }) => {
  test(`${id} is resized to latent ${latent_shape.join('x')}`, () => {
    const found = maskForLatent(golden!.latent(`${id}.in`), latent_shape)
    expect(found.shape).toEqual(latent_shape)
    expect(largestGap(found.data, golden!.latent(`${id}.out`).data)).toBeLessThan(1e-6)
  })
})

forCases('pictures', golden?.json.inpaint_prep, ({ id, grow_mask_by }) => {
  test(`${id} is greyed, cropped and grown by ${grow_mask_by}`, () => {
    const read = (name: string) => golden!.latent(`${id}.${name}`)
    const { pixels, mask } = prepareInpaint({
      pixels: channelsFirst(read('pixels')),
      mask: read('mask'),
      grow: grow_mask_by,
    })
    const expected = channelsFirst(read('encoded_pixels'))
    expect(pixels.shape).toEqual(expected.shape)
    expect(largestGap(pixels.data, expected.data)).toBeLessThan(1e-6)
    expect(mask.shape).toEqual(read('noise_mask').shape)
    expect(largestGap(mask.data, read('noise_mask').data)).toBe(0)
  })
})

/** `[batch, height, width, channels]` as `[batch, channels, height, width]`. */
function channelsFirst({ data, shape }: Latent): Latent {
  const [batch, height, width, channels] = shape as [number, number, number, number]
  const plane = height * width
  const moved = data.map((_value: number, i: number) => {
    const picture = Math.floor(i / (plane * channels))
    const channel = Math.floor(i / plane) % channels
    return data[(picture * plane + (i % plane)) * channels + channel] as number
  })
  return { data: moved, shape: [batch, channels, height, width] }
}
