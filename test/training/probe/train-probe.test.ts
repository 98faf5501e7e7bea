import { afterAll, describe, expect, it } from 'vitest'
import { drawPicture } from '../../../engine/drawing/draw-picture.ts'
import { cpuDevice } from '../../../engine/runtime/device.ts'
import { createSessionPool } from '../../../engine/runtime/session-pool.ts'
import { TorchRandom } from '../../../engine/sampling/torch-random.ts'
import { answerOf, questions } from '../../../engine/training/probe/classes.ts'
import { probeShapes } from '../../../engine/training/probe/network.ts'
import { classify, encodeProbe, readProbe } from '../../../engine/training/probe/probe.ts'
import { stripOf, stripOfPicture } from '../../../engine/training/probe/strip.ts'
import {
  probeSamples,
  sampleStrip,
  trainProbe,
} from '../../../engine/training/probe/train-probe.ts'

const pool = createSessionPool(cpuDevice, 2 ** 28)
afterAll(() => pool.close())

describe('a probe in training', () => {
  it('learns', async () => {
    const losses: number[] = []
    const weights = await trainProbe(pool, {
      ...{ seed: 1, pictures: 48, steps: 45, batch: 16, learningRate: 3e-3 },
      onStep: (_, loss) => losses.push(loss),
    })
    const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length
    // Four questions of 11, 8, 4 and 4 classes: guessing costs the sum of their logarithms.
    expect(losses[0]).toBeCloseTo(Math.log(11 * 8 * 4 * 4), 0)
    expect(mean(losses.slice(-10))).toBeLessThan(0.75 * losses[0]!)
    expect([...weights.keys()]).toEqual([...probeShapes.keys()])
  })

  it('sees a strip for every object of a picture', () => {
    const samples = probeSamples(40, 3)
    const objects = samples.map(({ target }) => answerOf(target).object)
    expect(samples.length).toBeGreaterThan(40)
    expect(new Set(objects).size).toBeGreaterThan(8)
    expect(objects).toContain('mascot')
  })

  it('never sees a strip twice in the same way', () => {
    const [sample] = probeSamples(1, 3)
    const rough = [1, 2].map((seed) => sampleStrip(sample!, new TorchRandom(seed)))
    expect(rough[0]).not.toEqual(rough[1])
    expect(sampleStrip(sample!, new TorchRandom(1))).toEqual(rough[0])
  })
})

describe('a strip', () => {
  it('holds the object that stands there', () => {
    const picture = drawPicture(0, { seed: 4 })
    const strip = stripOfPicture(picture.image, 'right')
    const at = ((0 * 128 + 100) * 128 + 96) as number
    const mean = [0, 1, 128, 129].reduce((sum, d) => sum + picture.image[at + d]! / 4, 0)
    expect(strip[50 * 32 + 16]).toBeCloseTo(2 * mean - 1, 5)
  })

  it('goes on with the border beyond the edge', () => {
    const half = Float32Array.from({ length: 3 * 64 * 64 }, (_, i) => (i % 64) / 64)
    const moved = stripOf(half, 'left', { right: 3 })
    expect([...moved.subarray(0, 5)].map((value) => (value + 1) * 32)).toEqual([0, 0, 0, 0, 1])
  })
})

describe('the file of a probe', () => {
  const weights = new Map(
    [...probeShapes].map(([name, shape]) => {
      const size = shape.reduce((product, side) => product * side, 1)
      return [name, Float32Array.from({ length: size }, (_, i) => ((i % 17) - 8) / 64)]
    }),
  )

  it('gives the weights back', async () => {
    const { weights: read } = readProbe('p', encodeProbe(weights))
    expect(read).toEqual(weights)
    const seen = await classify(pool, { weights: read, key: 'p' }, [
      drawPicture(1, { seed: 1 }).image,
    ])
    expect(Object.keys(seen[0]!)).toEqual(questions)
  })

  it('is refused where it holds another network', () => {
    const fewer = new Map(weights).set('head.bias', new Float32Array(27))
    const bytes = encodeProbe(fewer)
    const text = Buffer.from(bytes).toString('latin1').replace('"head.bias"', '"tail.bias"')
    expect(() => readProbe('p', new Uint8Array(Buffer.from(text, 'latin1')))).toThrow(
      'p: head.bias is absent, [27] expected',
    )
  })
})
