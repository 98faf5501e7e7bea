import { renameSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { scratch, start, sumWorkflow } from '../support/cli.ts'

describe('mazeru as a process', () => {
  it('ends with 0 when all outputs are there, and prints them', async () => {
    using folder = scratch({ 'a.json': sumWorkflow(1) })
    const { code, stdout, stderr } = await start(folder.path, ['run', 'a.json']).ended
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'sum: 3\n' })
    expect(stderr).not.toContain('\u001b')
  })

  it('reads a workflow from stdin', async () => {
    using folder = scratch()
    const text = JSON.stringify(sumWorkflow(5))
    const { code, stdout } = await start(folder.path, ['run', '-', '--json'], text).ended
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(code).toBe(0)
    expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1))
    expect(events.find(({ type }) => type === 'output')).toMatchObject({ name: 'sum', value: 7 })
    expect(events.at(-1)).toMatchObject({ type: 'done', status: 'done' })
  })

  it('ends cleanly with 3 after one Ctrl-C', async () => {
    using folder = scratch({ 'a.json': sumWorkflow(1, 10_000) })
    const run = start(folder.path, ['run', 'a.json', '--json'])
    await run.saw('stdout', '"step":1,')
    run.child.kill('SIGINT')
    const { code, stdout } = await run.ended
    expect(code).toBe(3)
    expect(JSON.parse(stdout.trimEnd().split('\n').at(-1) as string)).toMatchObject({
      type: 'done',
      status: 'cancelled',
    })
  })

  it('ends at once with 130 after a second Ctrl-C, whatever a node does', async () => {
    const nodes = { rest: { type: 'sleep' } }
    using folder = scratch({ 'a.json': { version: 1, outputs: { end: 'rest.value' }, nodes } })
    const run = start(folder.path, ['run', 'a.json', '--json'])
    await run.saw('stdout', '"started"')
    run.child.kill('SIGINT')
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(run.child.exitCode).toBeNull()
    run.child.kill('SIGINT')
    expect((await run.ended).code).toBe(130)
  })

  it('computes nothing in a second process', async () => {
    using folder = scratch({ 'a.json': sumWorkflow(1) })
    await start(folder.path, ['run', 'a.json']).ended
    const { stdout } = await start(folder.path, ['run', 'a.json', '--json']).ended
    expect(stdout).not.toContain('"started"')
    expect(stdout).toContain('"value":3')
    const again = await start(folder.path, ['run', 'a.json', '--json', '--no-cache']).ended
    expect(again.stdout).toContain('"started"')
  })
})

describe('mazeru run --watch', () => {
  it('runs again what changed, says what is broken and waits', { timeout: 30_000 }, async () => {
    using folder = scratch({ 'a.json': sumWorkflow(1) })
    const run = start(folder.path, ['run', 'a.json', '--watch', '--no-cache'])
    await run.saw('stdout', 'sum: 3\n')
    await run.saw('stderr', 'waiting for changes of a.json')
    folder.write('a.json', '{ "version": 1, ')
    await run.saw('stderr', 'a.json: line 1')
    await run.saw('stderr', 'waiting for changes of a.json')
    folder.write('a.json.new', sumWorkflow(40))
    renameSync(join(folder.path, 'a.json.new'), join(folder.path, 'a.json'))
    await run.saw('stderr', 'two: unchanged, from memory')
    await run.saw('stdout', 'sum: 42\n')
    run.child.kill('SIGINT')
    expect((await run.ended).code).toBe(0)
  })

  it('leaves a run that the save has made old', { timeout: 30_000 }, async () => {
    using folder = scratch({ 'a.json': sumWorkflow(1, 10_000) })
    const run = start(folder.path, ['run', 'a.json', '--watch', '--json'])
    await run.saw('stdout', '"step":1,')
    folder.write('a.json', sumWorkflow(40, 10))
    await run.saw('stdout', '"cancelled"')
    await run.saw('stdout', '"value":42')
    run.child.kill('SIGINT')
    await run.ended
  })
})
