import { describe, expect, it } from 'vitest'
import type { Host } from '../../engine/cli/host.ts'
import { addPngText } from '../../engine/formats/png-text.ts'
import { arithmeticHost, command, scratch, sumWorkflow } from '../support/cli.ts'

const failing = (bug: boolean) => ({
  version: 1,
  outputs: { end: 'add.sum' },
  nodes: {
    one: { type: 'number' },
    fail: { type: 'fail', params: { bug }, inputs: { value: 'one.value' } },
    add: { type: 'add', inputs: { a: 'fail.value' } },
  },
})

const broken = {
  version: 1,
  nodes: {
    one: { type: 'number', params: { value: 'x' } },
    words: { type: 'words' },
    add: { type: 'add', inputs: { b: 'words.text' } },
    sub: { type: 'ad' },
  },
}

describe('mazeru run', () => {
  it('gives values to params and named inputs', async () => {
    using folder = scratch({ 'a.json': sumWorkflow(1) })
    const words = ['run', 'a.json', '--set', 'two.value=0.5', '--input', 'first=40']
    expect(await command(folder.path, words)).toMatchObject({ code: 0, stdout: 'sum: 40.5\n' })
  })

  it('runs only what one output needs', async () => {
    using folder = scratch({ 'a.json': sumWorkflow(1) })
    const { stdout } = await command(folder.path, ['run', 'a.json', '--output', 'add.sum'])
    expect(stdout).toBe('add.sum: 3\n')
  })

  it('runs the workflow that a picture carries', async () => {
    const text = JSON.stringify(sumWorkflow(4))
    const picture = addPngText('a.png', onePixel(), [{ keyword: 'mazeru', text }])
    using folder = scratch({ 'a.png': picture, 'b.png': onePixel() })
    expect(await command(folder.path, ['run', 'a.png'])).toMatchObject({ stdout: 'sum: 6\n' })
    expect(await command(folder.path, ['run', 'b.png'])).toEqual({
      code: 2,
      stdout: '',
      stderr: 'b.png: carries no text, a text "mazeru" expected\n',
    })
  })

  it('names the node that failed and those that therefore did not run', async () => {
    using folder = scratch({ 'a.json': failing(false) })
    const { code, stdout, stderr } = await command(folder.path, ['run', 'a.json'])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain(
      'failed: fail: memory: 3 GB needed, 2 GB free; try a smaller picture\n',
    )
    expect(stderr).toContain('not run: add, because of fail\n')
    expect(stderr).not.toContain('.ts:')
  })

  it('shows the stack of a bug with --verbose only', async () => {
    using folder = scratch({ 'a.json': failing(true) })
    const short = await command(folder.path, ['run', 'a.json'])
    expect(short.stderr).toContain('undefined is not a function (a bug in mazeru or in a node')
    expect(short.stderr).not.toContain('arithmetic-nodes.ts')
    const long = await command(folder.path, ['run', 'a.json', '--verbose'])
    expect(long.stderr).toContain('arithmetic-nodes.ts')
  })

  it('prints every problem in a line with its node', async () => {
    using folder = scratch({ 'a.json': broken })
    const { code, stdout, stderr } = await command(folder.path, ['run', 'a.json'])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    const lines = stderr.trimEnd().split('\n')
    for (const name of ['one', 'add', 'sub', 'words']) {
      expect(lines.some((line) => line.includes(name))).toBe(true)
    }
    expect(stderr).toContain('did you mean add')
  })

  it('gives problems and errors as JSON where JSON is wanted', async () => {
    using folder = scratch({ 'a.json': broken })
    const { stdout } = await command(folder.path, ['run', 'a.json', '--json'])
    expect(JSON.parse(stdout)).toMatchObject({
      type: 'refused',
      problems: expect.arrayContaining([expect.objectContaining({ code: 'unknown-type' })]),
    })
    const absent = await command(folder.path, ['run', 'b.json', '--json'])
    expect(JSON.parse(absent.stdout)).toEqual({
      type: 'error',
      error: { name: 'WorkflowError', message: 'b.json: no such file, a workflow expected' },
    })
  })

  it('draws progress over one line on a terminal and takes it away', async () => {
    using folder = scratch({ 'a.json': sumWorkflow(1) })
    const { stderr } = await command(folder.path, ['run', 'a.json'], { isTTY: true })
    const drawn = stderr.split('\r\u001b[K')
    expect(drawn[2]).toMatch(/^\[█*░*\] {2}\d\/4/)
    expect(drawn.at(-1)).toMatch(/^done in \d+\.\d s\n$/)
  })

  it('ends with 3 and in silence when it is interrupted before stdin has ended', async () => {
    using folder = scratch()
    const stdin = async function* (): AsyncGenerator<string> {
      yield await new Promise<string>(() => {})
    }
    const outcome = await command(folder.path, ['run', '-'], { stdin, interrupted: true })
    expect(outcome).toEqual({ code: 3, stdout: '', stderr: '' })
  })

  it('opens services for the provider and the folder that were named, and closes them', async () => {
    using folder = scratch({ 'a.json': failing(false) })
    const host = arithmeticHost()
    await command(folder.path, ['run', 'a.json', '--provider', 'cpu', '--out', 'here'], { host })
    expect(host.log).toEqual([`open ${folder.path}/here cpu`, 'close'])
  })
})

describe('the services of a run', () => {
  it('are those that the host makes for its plan', async () => {
    using folder = scratch({ 'a.json': sumWorkflow(1) })
    const seen: unknown[] = []
    const host: Host = {
      ...arithmeticHost(),
      servicesFor(services, { graph }) {
        seen.push(graph.workflow.nodes.two?.params)
        return services
      },
    }
    await command(folder.path, ['run', 'a.json', '--set', 'two.value=9'], { host })
    expect(seen).toEqual([{ value: 9 }])
  })
})

describe('a command line that cannot be', () => {
  it.each([
    [['run', 'absent.json'], 'absent.json: no such file, a workflow expected'],
    [['run', '.'], '.: a folder, a workflow file expected'],
    [['run', '-'], 'stdin: line 1, column 1'],
    [['run', '-', '--watch'], '--watch: stdin given, a file expected'],
    [['run', 'a.json', '--set', 'one'], '--set one: node.param=value expected'],
    [['run', 'a.json', '--set', 'on.value=1'], 'did you mean one'],
    [['run', 'a.json', '--set', 'one.valu=1'], 'did you mean value'],
    [['run', 'a.json', '--set', 'one.value=x'], 'value is'],
    [['run', 'a.json', '--set', 'add.a=1'], 'one'],
    [['run', 'a.json', '--input', 'frist=1'], 'did you mean first'],
    [['run', 'a.json', '--models', 'absent'], '--models: no folder'],
    [['run', 'a.json', '--provider', 'abacus'], 'auto, cuda, webgpu, cpu'],
    [['run', 'a.json', '--colour'], 'unknown option'],
    [['run'], "missing required argument 'file'"],
    [['walk'], 'unknown command'],
    [['nodes', 'ad'], 'ad: no such node; did you mean add'],
  ])('%j is refused with 2 and a sentence', async (words, sentence) => {
    using folder = scratch({ 'a.json': sumWorkflow(1) })
    const { code, stdout, stderr } = await command(folder.path, words)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(sentence)
    expect(stderr).not.toMatch(/^ +at /m)
  })
})

describe('mazeru check', () => {
  it('says that nothing stands against a run, without running', async () => {
    using folder = scratch({ 'a.json': sumWorkflow(1) })
    expect(await command(folder.path, ['check', 'a.json'])).toEqual({
      code: 0,
      stdout: 'a.json: no problems, 4 nodes would run\n',
      stderr: '',
    })
    const { stdout } = await command(folder.path, ['check', 'a.json', '--json'])
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, nodes: expect.arrayContaining(['add']) })
  })

  it('says all problems at once', async () => {
    using folder = scratch({ 'a.json': broken })
    const { code, stdout } = await command(folder.path, ['check', 'a.json'])
    expect(code).toBe(2)
    expect(stdout.trimEnd().split('\n').length).toBeGreaterThanOrEqual(4)
    const json = await command(folder.path, ['check', 'a.json', '--json'])
    expect(JSON.parse(json.stdout)).toMatchObject({ ok: false, problems: expect.any(Array) })
  })
})

describe('mazeru why', () => {
  it('names the param that changed since the last run, and what follows from it', async () => {
    using folder = scratch({ 'a.json': sumWorkflow(1) })
    const first = await command(folder.path, ['why', 'a.json'])
    expect(first.stdout).toContain('one: run')
    await command(folder.path, ['run', 'a.json'])
    const second = await command(folder.path, ['why', 'a.json', '--set', 'one.value=5'])
    expect(second).toMatchObject({ code: 0, stderr: '' })
    expect(second.stdout).toMatch(/^one: run, .*\n {2}param value: 1 -> 5$/m)
    expect(second.stdout).toMatch(/^add: run, /m)
  })
})

describe('mazeru nodes', () => {
  it('lists them by category', async () => {
    using folder = scratch()
    const { stdout } = await command(folder.path, ['nodes'])
    expect(stdout).toContain('arithmetic\n  add     Add\n')
  })

  it('describes one', async () => {
    using folder = scratch()
    expect((await command(folder.path, ['nodes', 'add'])).stdout).toBe(
      [
        'add: Add (arithmetic)',
        'The sum of two numbers.',
        'inputs',
        '  a  number',
        '  b  number, optional  0 where absent',
        'outputs',
        '  sum  number',
        '',
      ].join('\n'),
    )
    const { stdout } = await command(folder.path, ['nodes', 'number'])
    expect(stdout).toContain('  value  number, -1000 to 1000, default 0  what it is\n')
  })

  it('gives them as JSON and as JSON Schema', async () => {
    using folder = scratch()
    const { stdout } = await command(folder.path, ['nodes', '--json'])
    const types = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).type)
    expect(types).toEqual(['number', 'words', 'add', 'wait', 'sleep', 'fail'])
    const schema = await command(folder.path, ['nodes', '--schema'])
    expect(JSON.parse(schema.stdout)).toHaveProperty('properties.nodes')
  })
})

it('mazeru --version and --help end with 0', async () => {
  using folder = scratch()
  expect(await command(folder.path, ['--version'])).toMatchObject({ code: 0 })
  const { code, stdout } = await command(folder.path, ['--help'])
  expect(code).toBe(0)
  for (const name of ['run', 'check', 'why', 'nodes']) expect(stdout).toContain(`  ${name} `)
})

/** A PNG of one black pixel. */
function onePixel(): Uint8Array {
  const text =
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=='
  return new Uint8Array(Buffer.from(text, 'base64'))
}
