import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openRunFolder } from '../../engine/files/run-folder.ts'
import { decodeState } from '../../engine/training/run/state.ts'
import { tinyBytes } from '../support/bad-weights.ts'
import { openStudio } from '../support/studio.ts'
import { smallDisk, temporaryFolder } from '../support/temporary.ts'
import { rampPicture, statedPng } from '../support/tiny-pictures.ts'
import { loadModel } from '../support/tiny-workflows.ts'
import {
  deskWithPictures,
  failureOf,
  runOn,
  trainingNodes,
  trainingWorkflow,
} from '../support/training-workflow.ts'

const studio = openStudio()

/** Loading a program of gradients takes seconds, more where the machine has other work. */
const patience = 300_000

const kinds = 'a PNG, JPEG, WebP or AVIF picture expected'

describe('a folder of pictures that cannot be trained', () => {
  it('is empty', async () => {
    const desk = temporaryFolder()
    mkdirSync(join(desk, 'input', 'fox'), { recursive: true })
    expect(await failed(desk)).toBe(
      'pictures: fox: no picture in it, at least one PNG, JPEG, WebP or AVIF expected',
    )
  })

  it('holds what is no picture, a huge one and captions in other encodings', async () => {
    const desk = await deskWithPictures(1)
    const put = (name: string, bytes: Uint8Array | string) => {
      writeFileSync(join(desk, 'input', 'fox', name), bytes)
    }
    put('0.txt', Uint8Array.of(0x61, 0xe4, 0x62))
    put('a.png', 'no picture')
    put('b.png', statedPng(await rampPicture(64, 64), 20_000, 20_000))
    expect(await failed(desk)).toBe(
      [
        'pictures: fox: 3 faults, none expected',
        '  fox/0.txt: byte 1 is 0xE4, UTF-8 expected; save the file as UTF-8',
        `  fox/a.png: this is a text, ${kinds}`,
        '  fox/b.png: 20000 x 20000 is 400000000 pixels, at most 67108864 can be read',
      ].join('\n'),
    )
  })

  it('has one picture, of which half is to be held back', async () => {
    const desk = await deskWithPictures(1)
    expect(await failed(desk, { validationSplit: 0.5 })).toBe(
      'train: validationSplit is 0.5, which holds no picture back, a larger share or more pictures expected',
    )
  })
})

describe('settings that cannot be trained', () => {
  it.each([
    ['a rank of 0', { networkDim: 0 }, 'begin: networkDim is 0, expected 1 to 4096'],
    [
      'nothing to train',
      { networkTrainUnetOnly: true, networkTrainTextEncoderOnly: true },
      'begin: networkTrainTextEncoderOnly is true, expected false where networkTrainUnetOnly is true; nothing would be trained',
    ],
  ])('have %s', async (_, params, message) => {
    const begin = { ...trainingNodes.begin, params }
    const started = studio.start(await deskWithPictures(1), trainingWorkflow({}, { begin }))
    expect(await messageOfRejected(started)).toBe(message)
  })

  it('have a rank above what a layer holds, which is named', async () => {
    const begin = { ...trainingNodes.begin, params: { networkDim: 4096 } }
    const desk = await deskWithPictures(2)
    const { events } = await runOn(studio, desk, trainingWorkflow({}, { begin }))
    expect(failureOf(events)).toMatch(
      /^begin: lora-init: rank 4096 for down_blocks\.0\.attentions\.0\.\S+, at most \d+ expected, its smaller side; lower the rank$/,
    )
  })

  it('name an optimizer that there is not', async () => {
    const optimizer = { type: 'optimizer', params: { optimizerType: 'Adam' } }
    const started = studio.start(await deskWithPictures(1), trainingWorkflow({}, { optimizer }))
    expect(await messageOfRejected(started)).toBe(
      'optimizer: optimizerType is "Adam", expected one of AdamW, Lion, SGDNesterov, AdaFactor, Prodigy; did you mean AdamW',
    )
  })
})

describe('a rate at which the training diverges', () => {
  it(
    'ends the run, names tensor and picture, and leaves the last good state',
    async () => {
      const desk = await deskWithPictures(2)
      const optimizer = { type: 'optimizer', params: { learningRate: 1000 } }
      const params = { maxTrainSteps: 30, stateEveryNSteps: 1 }
      const { events } = await runOn(studio, desk, trainingWorkflow(params, { optimizer }))
      const [, step, kept] = diverged.exec(failureOf(events) ?? '') ?? []
      expect(failureOf(events)).toMatch(diverged)
      expect(Number(kept)).toBe(Number(step) - 1)
      const folder = stateFolder(desk)
      const [newest = ''] = readdirSync(folder).sort().reverse()
      expect(newest).toBe(`${String(kept).padStart(8, '0')}.safetensors`)
      const state = decodeState(newest, readFileSync(join(folder, newest)))
      for (const [name, data] of state.tensors) {
        expect([name, data.every(Number.isFinite)]).toEqual([name, true])
      }
    },
    patience,
  )
})

const diverged =
  /^train: training "fox": step (\d+): the loss is NaN for fox\/\d\.png at timestep \d+ while parameter \S.* holds \S+, finite numbers expected; lower the rate or look at these pictures; the state of step (\d+) is kept$/

describe('a training of one picture', () => {
  it(
    'is warned of, and its folder lets in no other model, no other settings and no second run',
    async () => {
      const desk = await deskWithPictures(1)
      const { events, result } = await runOn(studio, desk, trainingWorkflow({ maxTrainSteps: 1 }))
      expect(result.outputs.training).toMatchObject({ status: 'finished', step: 1 })
      const warnings = events.flatMap((event) => (event.type === 'warning' ? [event.message] : []))
      expect(warnings).toEqual([
        'fox: 1 picture, 10 or more give a LoRA something to generalise from',
      ])
      const before = readdirSync(stateFolder(desk))

      mkdirSync(join(desk, 'models', 'checkpoints'), { recursive: true })
      writeFileSync(join(desk, 'models', 'checkpoints', 'other.safetensors'), tinyBytes())
      const checkpoint = loadModel('other.safetensors')
      const other = await runOn(studio, desk, trainingWorkflow({}, { checkpoint }))
      expect(failureOf(other.events)).toBe(
        'train: training "fox": its state is of tiny and has another U-Net and text encoder and VAE, other expected; choose another name or set resume to restart',
      )

      const optimizer = { type: 'optimizer', params: { learningRate: 0.5 } }
      const changed = trainingWorkflow({ seed: 4 }, { optimizer })
      expect(failureOf((await runOn(studio, desk, changed)).events)).toBe(
        'train: training "fox": learningRate is 0.5 and was 0.01, lrScheduler is "constant" and was "cosine", seed is 4 and was 0 since its state was saved, the same settings expected; set them back, choose another name or set resume to restart',
      )

      const held = await openRunFolder(join(desk, 'output'), 'fox')
      const second = await runOn(studio, desk, trainingWorkflow())
      await held.close()
      expect(failureOf(second.events)?.replace(/since [\d:.TZ-]+,/, 'since THEN,')).toBe(
        `train: training "fox": process ${process.pid} has been writing into it since THEN, a folder that no run holds expected; stop that run or choose another name`,
      )
      expect(readdirSync(stateFolder(desk))).toEqual(before)
    },
    patience,
  )
})

describe('a disk that is full when a state is saved', () => {
  it(
    'ends the run, leaves the state before it, and goes on once there is space',
    async (context) => {
      const disk = smallDisk(2 ** 20)
      if (!disk) return context.skip('no disk can be mounted here')
      const desk = await deskWithPictures(2)
      symlinkSync(disk, join(desk, 'output'))
      await runOn(studio, desk, trainingWorkflow({ maxTrainSteps: 2 }))
      const state = join(stateFolder(desk), '00000002.safetensors')
      const good = readFileSync(state)
      // Enough for the log, not for a state.
      const { bavail, bsize } = statfsSync(disk)
      writeFileSync(join(disk, 'filler'), Buffer.alloc(bavail * bsize - good.length / 2))
      const { events } = await runOn(studio, desk, trainingWorkflow())
      expect(failureOf(events)?.replace(disk, 'DISK')).toMatch(
        /^train: training "fox": state of step 4 cannot be saved: \S+: \d+ bytes do not fit, the disk is full; free some space or choose another folder; the state of step 2 is kept, run again to go on from it$/,
      )
      expect(readdirSync(stateFolder(desk))).toEqual(['00000002.safetensors'])
      expect(readFileSync(state)).toEqual(good)
      rmSync(join(disk, 'filler'))
      const { result } = await runOn(studio, desk, trainingWorkflow())
      expect(result.outputs.training).toMatchObject({ status: 'finished', step: 4 })
    },
    patience,
  )
})

async function failed(desk: string, params: object = {}): Promise<string | undefined> {
  return failureOf((await runOn(studio, desk, trainingWorkflow(params))).events)
}

function messageOfRejected(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'nothing was refused',
    (error: Error) => error.message,
  )
}

function stateFolder(desk: string): string {
  return join(desk, 'output', 'training', 'fox', 'state')
}
