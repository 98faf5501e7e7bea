import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseSafetensors } from '../../../engine/formats/safetensors.ts'
import { temporaryFolder } from '../../support/temporary.ts'

/** Times a process is killed; a killed training of the tiny checkpoint loads its program anew. */
const kills = { toy: 20, tiny: Number(process.env.MAZERU_KILLS ?? 4) }

const fixtures = join(import.meta.dirname, '..', '..', 'fixtures')
const toy = join(fixtures, 'train-toy.ts')
const tiny = join(fixtures, 'train-main.ts')

describe('kill -9 at random moments, then the same command again', () => {
  it('comes to the same weights, optimizer state, order and log, bit for bit', async () => {
    const whole = temporaryFolder()
    const steps = 400
    let opened = 0
    await trainIn(toy, whole, { steps, onOpen: () => (opened = performance.now()) })
    const walk = performance.now() - opened
    const output = temporaryFolder()
    let killed = 0
    for (let turn = 0; turn < kills.toy; turn++) {
      // Weyl's numbers, 0 to 1: a sixteenth of the run on the average, some before it is open.
      const part = (turn * 0.618) % 1
      const after = turn % 5 === 4 ? undefined : 'open'
      const end = await trainIn(toy, output, { steps, delay: (part * walk) / 16, after })
      if (end === 'killed') killed += 1
    }
    expect(killed).toBe(kills.toy)
    await trainIn(toy, output, { steps })
    expectSame(join(output, 'training', 'toy'), join(whole, 'training', 'toy'))
  }, 240_000)

  it('does so with the real networks on the processor', async () => {
    const steps = 6
    const whole = temporaryFolder()
    await trainIn(tiny, whole, { steps })
    const output = temporaryFolder()
    for (let kill = 0; kill < kills.tiny; kill++) {
      // Between two reports of steps, some time after the first of them.
      const after = ['open', 'step', 'saved', 'step'][kill % 4]!
      await trainIn(tiny, output, { steps, delay: (kill * 7) % 23, after })
    }
    await trainIn(tiny, output, { steps })
    expectSame(join(output, 'training', 'tiny'), join(whole, 'training', 'tiny'))
  }, 600_000)
})

interface Deed {
  steps: number
  /** Killed so many milliseconds after its start, or after it printed `after`. */
  delay?: number
  after?: string | undefined
  onOpen?: () => void
}

/** Runs a program to its end or its kill. */
function trainIn(
  program: string,
  output: string,
  { steps, delay, after, onOpen }: Deed,
): Promise<'killed' | 'ended'> {
  const child = spawn(process.execPath, [program, output, String(steps)])
  const killLater = () => setTimeout(() => child.kill('SIGKILL'), delay)
  let told = ''
  let isArmed = false
  child.stderr.on('data', (bytes) => {
    told += bytes
  })
  child.stdout.on('data', (bytes) => {
    if (String(bytes).includes('open')) onOpen?.()
    if (after === undefined || isArmed || !String(bytes).includes(after)) return
    isArmed = true
    killLater()
  })
  if (delay !== undefined && after === undefined) killLater()
  return new Promise((resolve, reject) => {
    child.on('close', (code, signal) => {
      if (signal === 'SIGKILL') resolve('killed')
      else if (code === 0) resolve('ended')
      else reject(new Error(told))
    })
  })
}

/** Log and tensors are equal byte by byte, those of the weights too. */
function expectSame(found: string, expected: string): void {
  const log = (folder: string) => readFileSync(join(folder, 'log.jsonl'), 'utf8')
  expect(log(found)).toBe(log(expected))
  const states = (folder: string) => readdirSync(join(folder, 'state'))
  expect(states(found)).toEqual(states(expected))
  for (const name of [
    ...states(expected).map((state) => join('state', state)),
    ...files(expected),
  ]) {
    const [is, was] = [found, expected].map((folder) => tensorsOf(join(folder, name)))
    expect([...is!.keys()], name).toEqual([...was!.keys()])
    for (const [tensor, bytes] of was!) expect(is!.get(tensor)!.equals(bytes), tensor).toBe(true)
  }
}

function files(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.endsWith('.safetensors'))
}

function tensorsOf(path: string): Map<string, Buffer> {
  const { tensors } = parseSafetensors(path, readFileSync(path))
  return new Map([...tensors].map(([name, { bytes }]) => [name, Buffer.from(bytes)]))
}
