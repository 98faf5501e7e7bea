import { expect, test } from 'vitest'
import { guided, guidedDenoiser, inTurn, withContrastOf } from '../../engine/sampling/guidance.ts'
import { expectKnown, forCases, goldenSet, largestGap, reportNotCovered } from './golden-data.ts'

interface Case {
  id: string
  kind: string
  inputs: string
  sigma: number
  cfg: number
  multiplier?: number
}

const notBuilt = new Set(['perp_neg', 'apg', 'cfg_zero_star', 'cfg_norm', 'tcfg', 'mahiro'])
const built = new Set(['cfg', 'rescale_cfg'])
const tolerance = 2e-5

const golden = goldenSet<{
  cases: Case[]
  raw_rescale: { id: string; inputs: string; cfg: number; guidance_rescale: number }[]
}>('samplers/cfg/cfg')
const cases = golden?.json.cases ?? []
const kinds = cases.map(({ kind }) => kind)

expectKnown('guidance', kinds, new Set([...built, ...notBuilt]))
reportNotCovered('guidance', [...kinds.filter((kind) => notBuilt.has(kind)), 'cond_merge'])

forCases('guidance of the reference', cases, (one) => {
  const { id, kind, inputs, sigma, cfg, multiplier = 0 } = one
  if (!built.has(kind)) return
  test(`${id}: ${kind} at guidance ${cfg}, sigma ${sigma}`, async () => {
    const { latent } = golden!
    const cond = async () => latent(`${inputs}.cond`)
    const uncond = async () => latent(`${inputs}.uncond`)
    const denoise = guidedDenoiser({
      cond,
      both: inTurn(cond, uncond),
      guidance: cfg,
      rescale: multiplier,
    })
    const found = await denoise(latent(`${inputs}.x`), sigma)
    expect(largestGap(found.data, latent(id).data)).toBeLessThan(tolerance)
  })
})

forCases('contrast of raw predictions', golden?.json.raw_rescale, (one) => {
  const { id, inputs, cfg, guidance_rescale } = one
  test(`${id}: contrast of raw predictions`, () => {
    const { latent } = golden!
    const cond = latent(`${inputs}.cond`)
    const combined = guided({ cond, uncond: latent(`${inputs}.uncond`) }, cfg)
    const found = withContrastOf(cond, combined, guidance_rescale)
    expect(largestGap(found.data, latent(id).data)).toBeLessThan(tolerance)
  })
})
