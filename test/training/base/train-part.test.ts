import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { CancelledError } from '../../../engine/errors.ts'
import { openRunFolder } from '../../../engine/files/run-folder.ts'
import type { PartName } from '../../../engine/training/base/parts.ts'
import { type Phase, phaseSchema } from '../../../engine/training/base/phases.ts'
import { type PartJob, trainPart } from '../../../engine/training/base/train-part.ts'
import { quick, testPool, tinyPlan } from './tiny-plan.ts'

const output = mkdtempSync(join(tmpdir(), 'mazeru-new-model-'))
const pool = testPool()
afterAll(async () => {
  await pool.close()
  rmSync(output, { recursive: true })
})

/** Programs of some thousand ops have to be loaded. */
const patience = 600_000

function phase(given: Partial<Phase>): Phase {
  const small = { steps: 2, batch: 2, side: 64, pictures: 4, rate: 1e-3, end: 0.1 } as const
  return phaseSchema.parse({ ...small, averageKeep: 0.9, ...given })
}

function jobOf(part: PartName, phases: readonly Phase[], seed = 3): PartJob {
  return { plan: tinyPlan, part, phases, seed, stateEverySteps: 1, session: quick }
}

/** Runs a part in a folder; `stopAt` cancels it before that step, as a killed process would end. */
async function run(name: string, job: PartJob, stopAt = Number.POSITIVE_INFINITY) {
  const folder = await openRunFolder(output, name)
  let steps = 0
  try {
    return await trainPart(job, {
      ...{ pool, folder, now: () => 0, onDrawn() {}, warn() {} },
      onStep() {
        steps += 1
      },
      async pause() {
        if (steps >= stopAt) throw new CancelledError()
      },
    })
  } finally {
    await folder.close()
  }
}

const logOf = (name: string) => readFileSync(join(output, 'training', name, 'log.jsonl'), 'utf8')

/** Names of the weights that differ in any bit. */
function different(
  a: ReadonlyMap<string, Float32Array>,
  b: ReadonlyMap<string, Float32Array>,
): string[] {
  const bits = (data: Float32Array) => Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  return [...a.keys()].filter((name) => !bits(a.get(name)!).equals(bits(b.get(name)!)))
}

test('a new denoiser that is killed in a phase goes on to the same weights, bit for bit', {
  timeout: patience,
}, async () => {
  const phases = [phase({ steps: 2, pictures: 3 })]
  const whole = await run('denoiser', jobOf('denoiser', phases))
  await expect(run('killed', jobOf('denoiser', phases), 1)).rejects.toThrow(CancelledError)
  const again = await run('killed', jobOf('denoiser', phases))
  expect(different(whole.weights, again.weights)).toEqual([])
  expect(logOf('killed')).toBe(logOf('denoiser'))
  expect(whole.training).toMatchObject({ status: 'finished', step: 2, steps: 2 })
  expect(whole.training.log.map(({ loss }) => loss > 0 && loss < 10)).toEqual([true, true])
})

test('a new decoder that is killed between two phases goes on to the same weights, bit for bit', {
  timeout: patience,
}, async () => {
  const phases = [phase({ late: false, to: 0.5 }), phase({ from: 0.5, styled: 2 })]
  const whole = await run('decoder', jobOf('decoder', phases))
  await expect(run('killed-decoder', jobOf('decoder', phases), 2)).rejects.toThrow(CancelledError)
  const again = await run('killed-decoder', jobOf('decoder', phases))
  expect(different(whole.weights, again.weights)).toEqual([])
  expect(logOf('killed-decoder')).toBe(logOf('decoder'))
  const finished = await run('decoder', jobOf('decoder', phases))
  expect(different(whole.weights, finished.weights)).toEqual([])
  await expect(run('decoder', jobOf('decoder', phases, 4))).rejects.toThrow(
    'training "decoder": seed is 4 and was 3 since its state was saved, the same settings expected',
  )
})
