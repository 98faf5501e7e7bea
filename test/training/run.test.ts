import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { CancelledError, DeviceError } from '../../engine/errors.ts'
import { openRunFolder } from '../../engine/files/run-folder.ts'
import type { LoggedStep } from '../../engine/training/result.ts'
import { noControls, type TrainingControls } from '../../engine/training/run/controls.ts'
import { runTraining, type TrainingJob } from '../../engine/training/run.ts'
import { smallDisk, temporaryFolder } from '../support/temporary.ts'
import { type ToyWorld, toyBatch, toyData, toyJob, toyTrainer, toyWorld } from './run/toy.ts'

describe('a training run', () => {
  it('goes through every picture once an epoch, in an order of its own each time', async () => {
    const { log } = await run(toyJob())
    const epochs = [0, 1, 2, 3].map((epoch) => {
      return log.filter((entry) => entry.epoch === epoch).flatMap(picturesOf)
    })
    for (const epoch of epochs) expect([...epoch].sort()).toEqual([0, 1, 2, 3, 4, 5])
    expect(new Set(epochs.map(String)).size).toBe(4)
  })

  it('has the average of its last 50 losses, and ten bins of losses by timestep', async () => {
    const schedule = { ...toyJob().schedule, steps: 70 }
    const { log, result } = await run(toyJob({ schedule }))
    const last = log.slice(-50).map(({ loss }) => loss)
    expect(log.at(-1)!.average).toBeCloseTo(last.reduce((sum, loss) => sum + loss, 0) / 50, 12)
    expect(result.bins.map(({ from, to }) => [from, to]).at(9)).toEqual([900, 1000])
    const all = log.flatMap(({ samples }) => samples)
    const high = all.filter(([, timestep]) => timestep >= 900).map(([, , loss]) => loss)
    const mean = high.reduce((sum, loss) => sum + loss, 0) / high.length
    expect(result.bins[9]!.count).toBe(high.length)
    expect(result.bins[9]!.loss).toBeCloseTo(mean, 12)
  })

  it('says at every step how fast it is and how long it will take', async () => {
    const { world } = await run(toyJob())
    const steps = world.events.filter((event) => event.type === 'step')
    expect(steps.map(({ entry }) => entry.step)).toEqual(
      Array.from({ length: 12 }, (_, i) => i + 1),
    )
    // The clock ticks half a second each time: 1.5 seconds a step, 0.5 of it loading.
    expect(steps[5]).toMatchObject({ samplesPerSecond: 2 / 1.5, secondsLeft: 1.5 * 6 })
    expect(steps[5]!.loadingShare).toBeCloseTo(1 / 3)
  })

  it('adds the gradients of several batches to one step, fewer at the end of an epoch', async () => {
    const schedule = { ...toyJob().schedule, accumulation: 2, steps: 4 }
    const { log } = await run(toyJob({ schedule }))
    expect(log.map(({ samples }) => samples.length)).toEqual([4, 2, 4, 2])
    expect(log.map(({ epoch }) => epoch)).toEqual([0, 0, 1, 1])
  })

  it('keeps the last states and the weights that are young enough', async () => {
    const schedule = { ...toyJob().schedule, weights: { steps: 2, keptSteps: 5 } }
    const { folder } = await run(toyJob({ schedule }))
    expect(readdirSync(join(folder, 'state'))).toEqual([
      '00000009.safetensors',
      '00000012.safetensors',
    ])
    expect(weightsIn(folder)).toEqual([
      ...[8, 10, 12].map((step) => `toy-step${`${step}`.padStart(8, '0')}.safetensors`),
      'toy.safetensors',
    ])
  })

  it('goes on where it was cancelled, to the same bits', async () => {
    const whole = await run(toyJob())
    const output = temporaryFolder()
    for (const end of [4, 5, 9])
      await expect(runIn(output, toyJob(), cancelAfter(end))).rejects.toThrow()
    const { folder } = await runIn(output, toyJob())
    expect(readFileSync(join(folder, 'log.jsonl'))).toEqual(
      readFileSync(join(whole.folder, 'log.jsonl')),
    )
    expect(tensorsIn(folder)).toEqual(tensorsIn(whole.folder))
  })

  it('does nothing again once it is finished', async () => {
    const output = temporaryFolder()
    const { folder } = await runIn(output, toyJob())
    const before = readFileSync(join(folder, 'toy.safetensors'))
    const { world, result } = await runIn(output, toyJob())
    expect(world.events.map(({ type }) => type)).toEqual(['resumed'])
    expect(result).toMatchObject({ step: 12, status: 'finished' })
    expect(readFileSync(join(folder, 'toy.safetensors'))).toEqual(before)
  })

  it('goes on with more steps than were asked for at first', async () => {
    const output = temporaryFolder()
    await runIn(output, toyJob())
    const schedule = { ...toyJob().schedule, steps: 15 }
    expect((await runIn(output, toyJob({ schedule }))).result.step).toBe(15)
  })
})

describe('a running training', () => {
  it('stops at the next step when told to, with weights and state', async () => {
    const { result, folder } = await run(toyJob(), (step) => ({ ...noControls, stop: step >= 5 }))
    expect(result).toMatchObject({ status: 'stopped', step: 5 })
    expect(readdirSync(join(folder, 'state')).at(-1)).toBe('00000005.safetensors')
    expect(weightsIn(folder)).toEqual(['toy.safetensors'])
  })

  it('saves once for every time it is told to', async () => {
    const { folder } = await run(toyJob(), (step) => {
      return { ...noControls, saveNow: step >= 7 ? 2 : step >= 4 ? 1 : 0 }
    })
    expect(weightsIn(folder)).toEqual([
      'toy-step00000004.safetensors',
      'toy-step00000007.safetensors',
      'toy.safetensors',
    ])
  })

  it('learns at another rate from the next step on', async () => {
    const { log } = await run(toyJob(), (step) => ({
      ...noControls,
      rateFactor: step < 3 ? 1 : 0.5,
    }))
    expect(log.map(({ rates }) => rates.unet).slice(0, 5)).toEqual([0.1, 0.1, 0.1, 0.05, 0.05])
  })
})

describe('memory that does not hold a batch', () => {
  it('halves what is computed at once, says so, and comes to the same weights', async () => {
    const data = toyData(12, 6)
    const schedule = { ...toyJob().schedule, accumulation: 2 }
    const whole = await run(toyJob({ data, schedule }))
    const small = toyTrainer({ memory: 2 })
    const { world, folder } = await run(toyJob({ data, schedule }, () => small))
    expect(world.events.filter(({ type }) => type === 'smaller-batch')).toEqual([
      { type: 'smaller-batch', tried: 6, next: 3 },
      { type: 'smaller-batch', tried: 3, next: 2 },
    ])
    expect(new Set(small.fed)).toEqual(new Set([2]))
    const [is, was] = [tensorsIn(folder), tensorsIn(whole.folder)].map(lastFloats)
    expect(is).toBeCloseTo(was!, 5)
    const losses = (entries: LoggedStep[]) => entries.map(({ loss }) => loss)
    for (const [at, loss] of losses(logIn(folder)).entries()) {
      expect(loss).toBeCloseTo(losses(whole.log)[at]!, 4)
    }
  })

  it('ends the run where not even one picture fits', async () => {
    const job = toyJob({}, () => toyTrainer({ memory: 0 }))
    await expect(run(job)).rejects.toThrow(
      'toy: failed on cpu: out of memory; try a smaller picture or batch',
    )
  })
})

describe('numbers that are not finite', () => {
  it('end the run at that step and name the picture', async () => {
    const output = temporaryFolder()
    const job = toyJob({ data: toyData(8, 2) }, () => toyTrainer({ nanPicture: 7 }))
    await expect(runIn(output, job)).rejects.toThrow(
      /^training "toy": step \d: the loss is NaN for 7\.png at timestep \d+ while parameter w holds \S+, finite numbers expected; lower the rate or look at these pictures; (no state had been saved before it|the state of step 3 is kept)$/,
    )
  })

  it('name the tensor, and leave the last good state', async () => {
    const output = temporaryFolder()
    const job = toyJob({}, () => toyTrainer({ nanUpdateAt: 8 }))
    await expect(runIn(output, job)).rejects.toThrow(
      /^training "toy": step 8: parameter w at index 0 is not finite after \d\.png, \d\.png, finite numbers expected; lower the rate or look at these pictures; the state of step 6 is kept$/,
    )
    const { folder, log } = await runIn(output, toyJob())
    expect(log).toHaveLength(12)
    expect(readdirSync(join(folder, 'state')).at(-1)).toBe('00000012.safetensors')
  })

  it('are not waited for where the loss runs away', async () => {
    await expect(run(toyJob({ rates: () => ({ unet: 3 }) }))).rejects.toThrow(
      /^training "toy": step \d+: the average loss is \S+ at a rate of 3 for unet, at most 100 expected; lower the rate, the training diverges; /,
    )
  })
})

describe('a state', () => {
  it('of other settings is refused, and says which', async () => {
    const output = temporaryFolder()
    await runIn(output, toyJob())
    const settings = { learningRate: 0.2, networkDim: 8 }
    await expect(runIn(output, toyJob({ settings }))).rejects.toThrow(
      'training "toy": learningRate is 0.2 and was 0.1, networkDim is 8 and was not set, trainBatchSize is not set and was 2 since its state was saved, the same settings expected; set them back, choose another name or set resume to restart',
    )
    expect((await runIn(output, toyJob())).log).toHaveLength(12)
  })

  it('of another model is refused by name', async () => {
    const output = temporaryFolder()
    await runIn(output, toyJob())
    const identity = { model: 'other.safetensors', unet: 'x', textEncoder: 'b', vae: 'y' }
    await expect(runIn(output, toyJob({ identity }))).rejects.toThrow(
      'training "toy": its state is of toy and has another U-Net and VAE, other.safetensors expected; choose another name or set resume to restart',
    )
  })

  it('that is damaged is passed over for the one before it', async () => {
    const output = temporaryFolder()
    const { folder } = await runIn(output, toyJob())
    writeFileSync(join(folder, 'state', '00000012.safetensors'), 'rubbish')
    const { world, log } = await runIn(output, toyJob())
    expect(world.events.slice(0, 2)).toEqual([
      { type: 'warning', message: expect.stringMatching(/^state of step 12: /) },
      { type: 'resumed', step: 9 },
    ])
    expect(log).toHaveLength(12)
  })

  it('of which none can be read ends the run, and nothing is overwritten', async () => {
    const output = temporaryFolder()
    const { folder } = await runIn(output, toyJob())
    for (const name of readdirSync(join(folder, 'state'))) {
      writeFileSync(join(folder, 'state', name), 'rubbish')
    }
    await expect(runIn(output, toyJob())).rejects.toThrow(
      /^training "toy": no state can be read \(state of step 12: .*; state of step 9: .*\), one expected; set resume to restart to begin anew$/,
    )
    expect(logIn(folder)).toHaveLength(12)
  })
})

describe('a full disk', () => {
  it('leaves the last good state, from which the run goes on', async ({ skip }) => {
    const output = smallDisk(400 * 1024)
    if (output === undefined) return skip()
    const first = await openRunFolder(output, 'toy')
    await first.close()
    const stop = cancelAfter(6)
    await expect(runIn(output, toyJob(), stop)).rejects.toThrow(CancelledError)
    const filler = join(output, 'filler')
    for (let size = 2 ** 20; size >= 256; size /= 2) {
      try {
        writeFileSync(filler, Buffer.alloc(size), { flag: 'a' })
      } catch {
        // Half as much may still fit.
      }
    }
    const failed = await runIn(output, toyJob()).catch((error) => error)
    expect(failed).toBeInstanceOf(DeviceError)
    const { message } = failed
    expect(message).toMatch(/(no space is left on the disk|the disk is full)/)
    writeFileSync(filler, '')
    const { log } = await runIn(output, toyJob())
    expect(log).toHaveLength(12)
    const whole = await run(toyJob())
    expect(tensorsIn(first.path)).toEqual(tensorsIn(whole.folder))
  })
})

describe('a validation', () => {
  // Trained on 0 to 5; held out are pictures far away, which get worse from some step on.
  const held = (targets: number[]) => ({
    async *held() {
      yield toyBatch(targets, () => 500)
    },
    async *trained() {
      yield toyBatch([2, 3], () => 500)
    },
  })
  const validation = { steps: 2, keepBest: true }

  it('keeps the best weights and measures the gap against the beginning', async () => {
    const schedule = { ...toyJob().schedule, validation }
    const { result, folder } = await run(toyJob({ schedule, validation: held([1]) }))
    const [first, ...rest] = result.validations
    expect(first).toMatchObject({ step: 0, gap: 0, loss: 1, trainLoss: 6.5, isBest: true })
    const lowest = [first!, ...rest].reduce((best, one) => (one.loss < best.loss ? one : best))
    expect(result.best).toEqual(lowest)
    expect(rest.at(-1)!.gap).toBeCloseTo(rest.at(-1)!.loss - rest.at(-1)!.trainLoss + 5.5, 12)
    expect(weightsIn(folder)).toContain('toy-best.safetensors')
  })

  it('ends a run that has not become better for long', async () => {
    const schedule = { ...toyJob().schedule, steps: 40, validation: { ...validation, patience: 2 } }
    const job = toyJob({ schedule, validation: held([0]) })
    const output = temporaryFolder()
    const { result } = await runIn(output, job)
    expect(result).toMatchObject({ status: 'early-stop', step: 4 })
    expect((await runIn(output, job)).result).toMatchObject({ status: 'early-stop', step: 4 })
  })
})

interface Ran {
  result: Awaited<ReturnType<typeof runTraining>>['result']
  folder: string
  log: LoggedStep[]
  world: ToyWorld
}

async function run(job: TrainingJob, controls?: (step: number) => TrainingControls): Promise<Ran> {
  return runIn(temporaryFolder(), job, controls)
}

/** `controls` is asked with the number of finished steps. */
async function runIn(
  output: string,
  job: TrainingJob,
  controls: (step: number) => TrainingControls = () => noControls,
): Promise<Ran> {
  const world: ToyWorld = await toyWorld(output, () => controls(stepsOf(world)))
  try {
    const { result } = await runTraining(job, world)
    return { result, world, folder: world.folder.path, log: logIn(world.folder.path) }
  } finally {
    await world.folder.close()
  }
}

function stepsOf(world: ToyWorld | undefined): number {
  let step = 0
  for (const event of world?.events ?? []) {
    if (event.type === 'resumed') step = event.step
    if (event.type === 'step') step = event.entry.step
  }
  return step
}

function cancelAfter(end: number): (step: number) => TrainingControls {
  return (step) => {
    if (step >= end) throw new CancelledError()
    return noControls
  }
}

function logIn(folder: string): LoggedStep[] {
  const text = readFileSync(join(folder, 'log.jsonl'), 'utf8')
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
}

function picturesOf({ samples }: LoggedStep): number[] {
  return samples.map(([picture]) => picture)
}

function weightsIn(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.endsWith('.safetensors'))
}

/** The numbers of the newest state, without what its metadata says of the clock. */
function tensorsIn(folder: string): Buffer {
  const name = readdirSync(join(folder, 'state')).sort().at(-1)!
  const file = readFileSync(join(folder, 'state', name))
  return file.subarray(8 + Number(file.readBigUInt64LE(0)))
}

/** The parameter of the toy: the first of its three tensors. */
function lastFloats(bytes: Buffer): number {
  return bytes.readFloatLE(0)
}
