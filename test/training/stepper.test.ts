import { describe, expect, it } from 'vitest'
import { cpuDevice, type Device } from '../../engine/runtime/device.ts'
import { lacks } from '../support/requires.ts'
import { rowsOf, trainTwoLayers } from './stepper-network.ts'

const rates = { unet: 0.05 }

/** Bytes of a batch of 3 rows of 6 numbers, twice. */
const batchBytes = 2 * 3 * 6 * 4

describe('a stepper', () => {
  it('makes the loss smaller', async () => {
    const { stepper, pool } = trainTwoLayers(cpuDevice)
    const before = lossOf(await stepper.evaluate(rowsOf('a')))
    for (let step = 0; step < 30; step++) {
      await stepper.accumulate(rowsOf('a'))
      await stepper.update(rates)
    }
    expect(lossOf(await stepper.evaluate(rowsOf('a')))).toBeLessThan(before / 4)
    expect(stepper.step).toBe(30)
    await pool.close()
  })

  it('takes the mean of the gradients of micro-batches', async () => {
    const [parts, whole] = [0, 1].map(() => trainTwoLayers(cpuDevice, 'SGDNesterov'))
    for (const seed of ['a', 'b']) await parts!.stepper.accumulate(rowsOf(seed))
    await whole!.stepper.accumulate(joined('a', 'b'))
    const found = await parts!.stepper.update({ unet: 0.2 })
    const expected = await whole!.stepper.update({ unet: 0.1 })
    expect(found.gradientNorm).toBeCloseTo(expected.gradientNorm / 2, 5)
    closeTo(parts!.stepper.parameter('first'), whole!.stepper.parameter('first'), 1e-6)
    await parts!.pool.close()
    await whole!.pool.close()
  })

  it('goes on from a snapshot as if nothing had been', async () => {
    const { stepper, pool } = trainTwoLayers(cpuDevice)
    const take = async (seed: string) => {
      await stepper.accumulate(rowsOf(seed))
      await stepper.update(rates)
    }
    await take('a')
    const middle = stepper.snapshot()
    await take('b')
    const end = stepper.snapshot()
    // What was added up since is forgotten.
    await stepper.accumulate(rowsOf('c'))
    stepper.restore(middle)
    expect(stepper.step).toBe(1)
    await take('b')
    expect(stepper.snapshot()).toEqual(end)
    expect(stepper.average('first')).not.toEqual(stepper.parameter('first'))
    await pool.close()
  })

  it('can be read after it was closed', async () => {
    const { stepper, pool } = trainTwoLayers(cpuDevice)
    await stepper.accumulate(rowsOf('a'))
    await stepper.update(rates)
    const numbers = stepper.parameter('second').slice()
    await stepper.close()
    expect(stepper.parameter('second')).toEqual(numbers)
    await pool.close()
  })

  it('moves the batch in and the losses out, and no parameter', async () => {
    const { stepper, pool } = trainTwoLayers(cpuDevice)
    await expectLittleTraffic(stepper, pool)
    await pool.close()
  })
})

/** The fused ops that WebGPU has; its own `FusedMatMul` is left to the probe. */
const webgpu: Device = {
  provider: 'webgpu',
  name: 'adapter',
  type: 'float32',
  fused: new Set(['QuickGelu', 'Gelu']),
}

describe.skipIf(lacks('webgpu'))('a stepper on a WebGPU adapter', () => {
  it('trains as the processor does', { timeout: 120_000 }, async () => {
    const [found, expected] = [trainTwoLayers(webgpu), trainTwoLayers(cpuDevice)]
    for (const { stepper } of [found, expected]) {
      for (const seed of ['a', 'b', 'c']) {
        await stepper.accumulate(rowsOf(seed))
        await stepper.accumulate(rowsOf(`${seed} too`))
        await stepper.update(rates)
      }
    }
    expect(() => found.stepper.parameter('first')).toThrow(
      'parameter first: is on the device, expected to be fetched',
    )
    await found.stepper.fetch()
    for (const [name, numbers] of expected.stepper.snapshot()) {
      closeTo(found.stepper.snapshot().get(name)!, numbers, 1e-5)
    }
    found.stepper.restore(expected.stepper.snapshot())
    closeTo(
      (await found.stepper.evaluate(rowsOf('a'))).losses!.data as Float32Array,
      (await expected.stepper.evaluate(rowsOf('a'))).losses!.data as Float32Array,
      1e-5,
    )
    await found.stepper.close()
    await found.pool.close()
    await expected.pool.close()
  })

  it('leaves parameters, gradients and states there', { timeout: 120_000 }, async () => {
    const { stepper, pool } = trainTwoLayers(webgpu)
    await expectLittleTraffic(stepper, pool)
    // Gradients that nobody used are freed with the rest.
    await stepper.accumulate(rowsOf('d'))
    await stepper.close()
    await pool.close()
  })
})

type TwoLayers = ReturnType<typeof trainTwoLayers>

/** After the first step, which takes the first numbers to the device. */
async function expectLittleTraffic(stepper: TwoLayers['stepper'], pool: TwoLayers['pool']) {
  await stepper.accumulate(rowsOf('a'))
  await stepper.update(rates)
  const before = { ...pool.counters }
  const { losses } = await stepper.accumulate(rowsOf('b'))
  await stepper.accumulate(rowsOf('c'))
  const middle = { ...pool.counters }
  expect(middle.bytesUploaded - before.bytesUploaded).toBe(2 * batchBytes)
  expect(middle.bytesReadBack - before.bytesReadBack).toBe(2 * losses!.data.byteLength)
  await stepper.update(rates)
  // Rates and norms are single numbers.
  expect(pool.counters.bytesUploaded - middle.bytesUploaded).toBeLessThan(16 * 4)
  expect(pool.counters.bytesReadBack - middle.bytesReadBack).toBe(3 * 4)
}

function joined(...seeds: readonly string[]) {
  const parts = seeds.map((seed) => rowsOf(seed))
  const join = (name: 'x' | 'y') => ({
    data: Float32Array.from(parts.flatMap((part) => [...(part[name].data as Float32Array)])),
    shape: [3 * seeds.length, 6],
  })
  return { x: join('x'), y: join('y') }
}

function lossOf({ losses }: Awaited<ReturnType<TwoLayers['stepper']['evaluate']>>): number {
  return (losses!.data as Float32Array).reduce((sum, loss) => sum + loss, 0)
}

function closeTo(found: Float32Array, expected: Float32Array, tolerance: number): void {
  expect(found.length).toBe(expected.length)
  const greatest = Math.max(...expected.map(Math.abs), 1e-30)
  const difference = Math.max(...expected.map((value, index) => Math.abs(value - found[index]!)))
  expect(difference / greatest).toBeLessThan(tolerance)
}
