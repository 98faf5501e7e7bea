import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { filesBelow, openStudio, told } from '../support/studio.ts'
import { readOnlyDisk, smallDisk, temporaryFolder } from '../support/temporary.ts'
import { textToImage } from '../support/tiny-workflows.ts'

const studio = openStudio()
const withoutText = { 'w.json': JSON.stringify(textToImage([], 1)) }

/** The one line of a failure. */
function failure(stderr: string): string | undefined {
  const lines = stderr.split('\n').filter((line) => line.startsWith('failed: '))
  expect(lines).toHaveLength(1)
  return lines[0]
}

describe('a disk', () => {
  it('that is full leaves no part of a picture', async (context) => {
    const disk = smallDisk(8192)
    if (!disk) return context.skip('no disk can be mounted here')
    const desk = temporaryFolder(withoutText)
    const { code, stderr } = await studio.mazeru(desk, 'run', 'w.json', '--out', disk)
    expect(failure(stderr)).toMatch(
      /^failed: save: .+: \d+ bytes do not fit, the disk is full; free some space or choose another folder$/,
    )
    expect(code).toBe(1)
    expect(filesBelow(disk)).toEqual([])
  })

  it('that is full for results alone is said once, and the picture is made', async (context) => {
    const disk = smallDisk(4096)
    if (!disk) return context.skip('no disk can be mounted here')
    const desk = temporaryFolder(withoutText)
    symlinkSync(disk, join(desk, 'cache'))
    const { code, stderr } = await studio.mazeru(desk, 'run', 'w.json')
    expect(stderr.match(/^cache: .+ the disk is full.*$/gm)).toHaveLength(1)
    expect(code).toBe(0)
    expect(filesBelow(join(desk, 'output'))).toEqual(['fox_00001_.png'])
    expect(filesBelow(disk).filter((name) => name.endsWith('unfinished'))).toEqual([])
  })

  it('that cannot be written to is named', async (context) => {
    const disk = readOnlyDisk()
    if (!disk) return context.skip('no disk can be mounted here')
    const desk = temporaryFolder(withoutText)
    const { code, stderr } = await studio.mazeru(desk, 'run', 'w.json', '--out', disk)
    expect(failure(stderr)).toMatch(
      /^failed: save: .+: 0 bytes cannot be written here \(EROFS.+\), a writable folder expected$/,
    )
    expect(code).toBe(1)
  })
})

describe('a process', { timeout: 60_000 }, () => {
  it('that is interrupted while it samples ends with 3, without a picture', async () => {
    const desk = temporaryFolder({ 'w.json': JSON.stringify(textToImage([], 1000)) })
    const run = studio.process(desk, 'run', 'w.json', '--json')
    await run.saw('stdout', '"type":"progress","node":"sampler","step":2,')
    run.child.kill('SIGINT')
    const { code, events, stderr } = told(await run.ended)
    expect({ code, stderr }).toEqual({ code: 3, stderr: '' })
    expect(events.at(-1)).toMatchObject({ type: 'done', status: 'cancelled' })
    expect(events.filter(({ type }) => type === 'failed')).toEqual([])
    expect(filesBelow(join(desk, 'output'))).toEqual([])
    expect(filesBelow(desk).filter((name) => name.endsWith('unfinished'))).toEqual([])
  })

  it('ends with 2 for a graph that is refused and with 1 for a run that failed', async () => {
    const desk = temporaryFolder(withoutText)
    const refused = studio.process(desk, 'run', 'w.json', '--set', 'canvas.batch=0')
    expect(await refused.ended).toEqual({
      code: 2,
      stdout: '',
      stderr: 'canvas: batch is 0, expected 1 to 64\n',
    })
    const failed = studio.process(desk, 'run', 'w.json', '--json', '--set', 'sampler.denoise=0.5')
    const { code, events } = told(await failed.ended)
    expect(code).toBe(1)
    expect(events.find(({ type }) => type === 'failed')).toMatchObject({
      node: 'sampler',
      error: { name: 'WorkflowError' },
    })
    expect(filesBelow(join(desk, 'output'))).toEqual([])
  })
})
