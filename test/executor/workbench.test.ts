import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { openWorkbench } from '../../engine/executor/open-workbench.ts'
import { readPictureHeader } from '../../engine/formats/picture.ts'
import type { DatasetReply } from '../../engine/protocol/index.ts'
import { projectRoot } from '../support/sources.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { rampPicture, statedPng } from '../support/tiny-pictures.ts'

const workbench = openWorkbench()
afterAll(() => workbench.stop())
const lora = join(projectRoot, 'models', 'demo', 'loras', 'neon.safetensors')

describe('a workbench', () => {
  it('makes a small picture of a large one and keeps the shape', async () => {
    const folder = temporaryFolder({ 'a.png': await rampPicture(300, 200) })
    const { bytes, width, height } = await workbench.thumbnail(join(folder, 'a.png'), 96)
    expect({ width, height }).toEqual({ width: 96, height: 64 })
    expect(await readPictureHeader('a.webp', bytes)).toMatchObject({ width: 96, height: 64 })
  })

  it('does not enlarge a small one', async () => {
    const folder = temporaryFolder({ 'a.png': await rampPicture(30, 20) })
    expect(await workbench.thumbnail(join(folder, 'a.png'), 96)).toMatchObject({ width: 30 })
  })

  it('refuses what is no picture, is damaged or says a size beyond all bounds', async () => {
    const whole = await rampPicture(300, 200)
    const folder = temporaryFolder({
      'text.png': 'no picture',
      'half.png': whole.subarray(0, whole.length / 2),
      'bomb.png': statedPng(whole, 60_000, 60_000),
    })
    for (const name of ['text.png', 'half.png', 'bomb.png', 'absent.png']) {
      const refusal = { name: 'FormatError', message: expect.stringMatching(`^${name}: `) }
      await expect(workbench.thumbnail(join(folder, name), 96)).rejects.toMatchObject(refusal)
      await expect(workbench.inspect('input', join(folder, name))).rejects.toMatchObject(refusal)
    }
  })

  it('tells the size of a sound picture and reads the header of sound weights', async () => {
    const folder = temporaryFolder({ 'a.png': await rampPicture(30, 20) })
    expect(await workbench.inspect('input', join(folder, 'a.png'))).toEqual({
      width: 30,
      height: 20,
    })
    expect(await workbench.inspect('loras', lora)).toEqual({})
    await expect(workbench.inspect('loras', join(folder, 'a.png'))).rejects.toThrow('a.png: ')
    await expect(workbench.inspect('others', lora)).rejects.toThrow('no kind "others"')
  })

  it('shows a dataset with buckets, crops, captions, tags and findings', async () => {
    const folder = temporaryFolder({
      'wide.png': await rampPicture(640, 256),
      'wide.txt': 'ramp, grey, wide',
      'square.png': await rampPicture(64, 64),
      'square.txt': 'ramp, grey',
      'broken.png': 'no picture',
    })
    const reply = (await workbench.dataset(folder)) as DatasetReply
    expect(reply.entries.map(({ file, caption }) => [file, caption])).toEqual([
      ['square.png', 'ramp, grey'],
      ['wide.png', 'ramp, grey, wide'],
    ])
    const wide = reply.entries[1]!
    const [width, height] = wide.bucket!
    expect(width / height).toBeGreaterThan(1.5)
    expect(wide.crop!.width / wide.crop!.height).toBeCloseTo(width / height, 1)
    expect(wide.crop!.x + wide.crop!.width).toBeLessThanOrEqual(640)
    expect(reply.tags).toEqual([
      { tag: 'grey', count: 2 },
      { tag: 'ramp', count: 2 },
      { tag: 'wide', count: 1 },
    ])
    const findings = reply.findings.filter(({ file }) => file === 'broken.png')
    expect(findings).toMatchObject([{ severity: 'error' }])
    expect(reply.findings.some(({ file }) => file === 'square.png')).toBe(true)
  })

  it('lives on where a task ends its process', async () => {
    const entry = join(projectRoot, 'test', 'fixtures', 'fragile-workbench.ts')
    const fragile = openWorkbench({ entry })
    const folder = temporaryFolder({ 'a.png': await rampPicture(64, 64), 'a.txt': 'ramp' })
    const [lost, kept] = await Promise.allSettled([fragile.doctor(), fragile.dataset(folder)])
    expect(lost).toMatchObject({
      reason: { name: 'DeviceError', message: expect.stringContaining('signal SIGKILL') },
    })
    expect(kept).toMatchObject({ value: { entries: [{ file: 'a.png' }] } })
    await fragile.stop()
    await expect(fragile.doctor()).rejects.toThrow('was stopped')
  })

  it('ends a process without work and starts another with the next file', async () => {
    const idle = openWorkbench({ idle: 1 })
    const folder = temporaryFolder({ 'a.png': await rampPicture(30, 20) })
    for (let round = 0; round < 2; round++) {
      expect(await idle.inspect('input', join(folder, 'a.png'))).toMatchObject({ width: 30 })
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    await idle.stop()
  })

  it('gives up a file that takes too long', async () => {
    const hasty = openWorkbench({ patience: 1 })
    const folder = temporaryFolder({ 'a.png': await rampPicture(64, 64) })
    await expect(hasty.thumbnail(join(folder, 'a.png'), 96)).rejects.toThrow(
      'a.png: the process that read it gave no answer for 0.001 s and was ended, a sound file expected',
    )
    await hasty.stop()
  })
})
