import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import {
  type DocumentsOptions,
  openDocuments,
  StaleError,
} from '../../../engine/server/documents/index.ts'
import { keptPatches, openLedger } from '../../../engine/server/documents/ledger.ts'
import {
  createCatalogue,
  parseWorkflow,
  printWorkflow,
  type Workflow,
} from '../../../engine/workflow/index.ts'
import { arithmeticNodes } from '../../fixtures/arithmetic-nodes.ts'
import { smallDisk, temporaryFolder } from '../../support/temporary.ts'

const catalogue = createCatalogue(arithmeticNodes)

describe('the documents of a server', () => {
  it('are saved as the bytes that the command line prints, and revisions count up', async () => {
    const { documents, folder } = open()
    expect(await documents.save('art/sum', 0, sum(1))).toEqual({
      ...{ name: 'art/sum', revision: 1, workflow: sum(1) },
    })
    expect(textOf(folder, 'art/sum')).toBe(printWorkflow(sum(1), catalogue))
    expect((await documents.save('art/sum', 1, sum(2))).revision).toBe(2)
    expect(await documents.list()).toMatchObject([{ name: 'art/sum', revision: 2, nodes: 2 }])
    expect(readdirSync(join(folder, 'art'))).toEqual(['sum.json'])
  })

  it('refuse a stale revision and hand over what is there', async () => {
    const { documents } = open()
    await documents.save('sum', 0, sum(1))
    await documents.save('sum', 1, sum(2))
    const stale = await documents.save('sum', 1, sum(3)).catch((thrown) => thrown)
    expect(stale).toBeInstanceOf(StaleError)
    expect(stale.name).toBe('StaleError')
    expect(stale.message).toBe(
      'sum: revision 1 given, revision 2 is there; look at it before you save',
    )
    expect(stale.present).toEqual({ name: 'sum', revision: 2, workflow: sum(2) })
    await expect(documents.save('sum', 0, sum(3))).rejects.toThrow(StaleError)
    await expect(documents.save('other', 4, sum(3))).rejects.toThrow(
      'other: revision 4 given, no such workflow is there',
    )
  })

  it('let one of two writers through that come at once', async () => {
    const { documents } = open()
    await documents.save('sum', 0, sum(1))
    const both = await Promise.allSettled([2, 3].map((n) => documents.save('sum', 1, sum(n))))
    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
    expect((await documents.read('sum'))?.workflow).toEqual(sum(2))
  })

  it('take patches in order, show them at once and write them a moment later', async () => {
    const { documents, folder } = open({ delay: 40 })
    await documents.save('sum', 0, sum(1))
    const patches = Array.from({ length: 20 }, (_, n) => documents.patch('sum', [setValue(n)]))
    const revisions = (await Promise.all(patches)).map(({ revision }) => revision)
    expect(revisions).toEqual(Array.from({ length: 20 }, (_, n) => n + 2).map((n) => n))
    expect((await documents.read('sum'))?.workflow).toEqual(sum(19))
    await vi.waitFor(() => expect(textOf(folder, 'sum')).toBe(printWorkflow(sum(19), catalogue)))
    // A minute of small edits is one version.
    await vi.waitFor(async () =>
      expect((await documents.versions('sum')).map(({ revision }) => revision)).toEqual([21, 1]),
    )
  })

  it('apply once what a sender sends twice under one number, also after a restart', async () => {
    const { documents, folder } = open()
    await documents.save('sum', 0, sum(1))
    const ann = { client: 'ann', request: 7 }
    const first = await documents.patch('sum', [setValue(2)], ann)
    expect([first.revision, first.isRepeated]).toEqual([2, false])
    await documents.patch('sum', [setValue(3)], { client: 'ben', request: 7 })
    expect(await documents.patch('sum', [setValue(2)], ann)).toEqual({
      ...{ name: 'sum', revision: 2, workflow: sum(3), isRepeated: true },
    })
    await documents.close()
    const { documents: next } = open({ folder })
    expect((await next.patch('sum', [setValue(2)], ann)).isRepeated).toBe(true)
    expect((await next.read('sum'))?.workflow).toEqual(sum(3))
    expect((await next.patch('sum', [setValue(2)], { ...ann, request: 8 })).revision).toBe(4)
    const moved = await next.rename('sum', 'moved')
    expect((await next.patch('moved', [setValue(9)], ann)).workflow).toEqual(moved.workflow)
  })

  it('remember the last patches of each document, and no more', async () => {
    const ledger = openLedger(join(temporaryFolder(), 'documents.db'))
    onTestFinished(() => ledger.close())
    for (let request = 0; request < keptPatches + 10; request++) {
      ledger.keepPatch('sum', { client: 'ann', request }, request + 1)
    }
    ledger.keepPatch('other', { client: 'ann', request: 0 }, 1)
    const known = (request: number) => ledger.patchOf('sum', { client: 'ann', request })
    expect([known(9), known(10), known(keptPatches + 9)]).toEqual([undefined, 11, keptPatches + 10])
    expect(ledger.patchOf('other', { client: 'ann', request: 0 })).toBe(1)
  })

  it('refuse a patch that finds no place or leaves no workflow, and keep what was there', async () => {
    const { documents } = open()
    await documents.save('sum', 0, sum(1))
    const lost = [{ path: ['nodes', 'gone', 'params', 'value'], value: 2 }]
    await expect(documents.patch('sum', lost)).rejects.toThrow(
      'sum: nodes.gone.params.value: no object at "nodes.gone", expected one to change',
    )
    await expect(
      documents.patch('sum', [{ path: ['nodes', 'a', 'tpye'], value: 'x' }]),
    ).rejects.toThrow('unknown key')
    await expect(documents.patch('none', [setValue(1)])).rejects.toThrow(
      'workflows: no "none", an existing one expected',
    )
    expect(await documents.read('sum')).toEqual({ name: 'sum', revision: 1, workflow: sum(1) })
  })

  it('keep revisions over a restart, patches that never reached the file too', async () => {
    const { documents, folder } = open({ delay: 60_000 })
    await documents.save('sum', 0, sum(1))
    await documents.patch('sum', [setValue(7)])
    expect(textOf(folder, 'sum')).toBe(printWorkflow(sum(1), catalogue))
    await documents.close()
    expect(textOf(folder, 'sum')).toBe(printWorkflow(sum(7), catalogue))
    const again = open({ folder })
    expect(await again.documents.read('sum')).toEqual({
      ...{ name: 'sum', revision: 2, workflow: sum(7) },
    })
  })

  it('give a file that was changed from outside a new revision, and tell of it', async () => {
    const { documents, folder } = open()
    await documents.save('sum', 0, sum(1))
    const told: [string, number][] = []
    documents.follow((...change) => told.push(change))
    writeFileSync(join(folder, 'sum.json'), printWorkflow(sum(5), catalogue))
    // Seen when it is read, whether or not the system has told of it.
    expect(await documents.read('sum')).toEqual({ name: 'sum', revision: 2, workflow: sum(5) })
    await expect(documents.save('sum', 1, sum(2))).rejects.toThrow(StaleError)
    writeFileSync(join(folder, 'new.json'), printWorkflow(sum(6), catalogue))
    await vi.waitFor(
      () =>
        expect(told).toEqual([
          ['sum', 2],
          ['new', 1],
        ]),
      5000,
    )
    rmSync(join(folder, 'new.json'))
    await vi.waitFor(() => expect(told.at(-1)).toEqual(['new', 0]), 5000)
    await sleep(300)
    expect(told).toHaveLength(3)
  })

  it('notice what happened to a file while no server was there', async () => {
    const { documents, folder } = open()
    await documents.save('sum', 0, sum(1))
    await documents.close()
    writeFileSync(join(folder, 'sum.json'), printWorkflow(sum(3), catalogue))
    expect(await open({ folder }).documents.read('sum')).toMatchObject({ revision: 2 })
  })

  it('keep as a version what somebody outside overwrote before it was written', async () => {
    const { documents, folder } = open({ delay: 60_000 })
    await documents.save('sum', 0, sum(1))
    await documents.patch('sum', [setValue(7)])
    writeFileSync(join(folder, 'sum.json'), printWorkflow(sum(9), catalogue))
    expect(await documents.read('sum')).toMatchObject({ revision: 3, workflow: sum(9) })
    expect(await documents.version('sum', 2)).toEqual(sum(7))
  })

  it('keep the last 50 versions, those of a removed document too', async () => {
    const { documents } = open()
    for (let n = 0; n < 55; n++) await documents.save('sum', n, sum(n))
    expect((await documents.versions('sum')).map(({ revision }) => revision)).toEqual(
      Array.from({ length: 50 }, (_, at) => 55 - at),
    )
    expect(await documents.remove('sum')).toBe(true)
    expect(await documents.remove('sum')).toBe(false)
    expect(await documents.read('sum')).toBeUndefined()
    expect(await documents.version('sum', 55)).toEqual(sum(54))
    // A new one of the name does not begin where an old tab could mistake it.
    expect((await documents.save('sum', 0, sum(1))).revision).toBeGreaterThan(56)
  })

  it('are renamed with their versions, but never over another', async () => {
    const { documents, folder } = open()
    await documents.save('a', 0, sum(1))
    await documents.save('b', 0, sum(2))
    await expect(documents.rename('a', 'b')).rejects.toThrow(
      'b: a workflow of this name is there, none expected',
    )
    const renamed = await documents.rename('a', 'sub/c')
    expect(renamed.workflow).toEqual(sum(1))
    expect(
      readdirSync(folder, { recursive: true }).filter((file) => /json$/.test(`${file}`)),
    ).toEqual(['b.json', 'sub/c.json'])
    expect(await documents.version('sub/c', 1)).toEqual(sum(1))
    const crossed = [documents.rename('b', 'd'), documents.rename('sub/c', 'b')]
    await Promise.allSettled(crossed)
    expect(await documents.list()).toHaveLength(2)
  })

  it('may hold a graph with problems, but nothing that is no workflow', async () => {
    const { documents } = open()
    const odd = { ...sum(1), nodes: { x: { type: 'unknown', inputs: { a: 'y.z' } } } } as Workflow
    expect((await documents.save('odd', 0, odd)).workflow).toEqual(odd)
    const none = { version: 1, nods: {} } as unknown as Workflow
    await expect(documents.save('none', 0, none)).rejects.toThrow('unknown key')
  })

  it('say what is wrong with a damaged file, which can be saved over knowingly', async () => {
    const files = { 'bad.json': '{"version": 1, "nodes": {', 'notes.json': '{"a": 1}' }
    const { documents, folder } = open({ files })
    await expect(documents.read('bad')).rejects.toThrow(/^bad: /)
    expect(await documents.list()).toMatchObject([{ name: 'bad', revision: 1, nodes: 0 }])
    await expect(documents.save('bad', 0, sum(1))).rejects.toThrow(StaleError)
    await documents.save('bad', 1, sum(1))
    expect(textOf(folder, 'bad')).toBe(printWorkflow(sum(1), catalogue))
  })

  it.each([
    ...['../a', 'a/../../b', '/etc/passwd', 'C:a', 'C:\\a', '\\\\host\\a', 'a\0b', '', '.', 'a//b'],
    ...['.hidden', 'a/.mazeru/b', '... /a', `${'x'.repeat(300)}`, 'a\nb', 'link/a', 'out'],
  ])('do not leave their folder by the name %j', async (name) => {
    const outside = temporaryFolder({ 'a.json': printWorkflow(sum(1), catalogue) })
    const { documents, folder } = open()
    symlinkSync(outside, join(folder, 'link'))
    symlinkSync(join(outside, 'a.json'), join(folder, 'out.json'))
    for (const act of [
      () => documents.read(name),
      () => documents.save(name, 0, sum(2)),
      () => documents.remove(name),
      () => documents.rename(name, 'fine'),
      () => documents.patch(name, [setValue(3)]),
    ]) {
      await expect(act()).rejects.toThrow(/^workflows: name is ".*", a (visible )?path inside/)
    }
    expect(readFileSync(join(outside, 'a.json'), 'utf8')).toBe(printWorkflow(sum(1), catalogue))
    expect(readdirSync(outside)).toEqual(['a.json'])
    expect(await documents.list()).toEqual([])
  })

  it('lose nothing to a full disk', async ({ skip }) => {
    const disk = smallDisk(100_000)
    if (!disk) return skip('no disk can be mounted here')
    const { documents, folder } = open({ folder: disk, data: temporaryFolder() })
    await documents.save('sum', 0, sum(1))
    writeFileSync(join(folder, 'filler'), Buffer.alloc(80_000))
    const large = { ...sum(2), description: 'x'.repeat(90_000) }
    await expect(documents.save('sum', 1, large)).rejects.toThrow('the disk is full')
    expect((await documents.read('sum'))?.workflow).toEqual(sum(1))
    expect(textOf(folder, 'sum')).toBe(printWorkflow(sum(1), catalogue))
    expect(readdirSync(folder).sort()).toEqual(['filler', 'sum.json'])
    const { revision } = (await documents.read('sum'))!
    expect((await documents.save('sum', revision, sum(3))).workflow).toEqual(sum(3))
    return undefined
  })

  it('are whole and not behind what was answered, whenever the server is killed', async () => {
    const folder = temporaryFolder()
    for (let round = 0; round < 5; round++) {
      const child = spawn(process.execPath, [saver, folder], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      let answered = ''
      child.stdout.on('data', (text) => {
        answered += text
      })
      await vi.waitFor(() => expect(answered.split('\n').length).toBeGreaterThan(8), 20_000)
      await sleep(round * 7)
      const gone = new Promise((resolve) => child.on('close', resolve))
      child.kill('SIGKILL')
      await gone
      parseWorkflow(textOf(folder, 'sum'))
      const [revision, value] = answered.trimEnd().split('\n').at(-1)!.split(' ').map(Number)
      const { documents } = open({ folder })
      const found = (await documents.read('sum'))!
      expect(found.revision).toBeGreaterThanOrEqual(revision!)
      expect(found.workflow.nodes.a?.params?.value).toBeGreaterThanOrEqual(value!)
      await documents.close()
      expect(readdirSync(folder).filter((name) => name !== '.mazeru')).toEqual(['sum.json'])
    }
  }, 60_000)

  it('come with templates, grouped for the gallery', async () => {
    const templates = join(import.meta.dirname, '../../../workflows')
    const { documents } = open({ templates })
    const found = await documents.templates()
    expect(found.map(({ name }) => name)).toContain('two-loras')
    expect(found.find(({ name }) => name === 'two-loras')).toMatchObject({
      title: 'Blend two LoRAs',
      titleJa: '2 つの LoRA を混ぜる',
      description: 'Two LoRAs blended at given ratios.',
      tags: ['illustration', 'lora', 'mixing', 'start'],
    })
    expect(found.filter(({ tags }) => tags.length === 0)).toEqual([])
    expect((await documents.template('two-loras'))?.name).toBe('two-loras')
    expect(await documents.template('none')).toBeUndefined()
    await expect(documents.template('../package')).rejects.toThrow('templates: name is')
  })

  it('name the picture of a template where there is one', async () => {
    const templates = temporaryFolder({
      'sum.json': printWorkflow(sum(1), catalogue),
      'pictures/sum.webp': 'picture',
    })
    const { documents } = open({ templates })
    expect(await documents.templates()).toMatchObject([
      { name: 'sum', title: 'Sum', picture: '/api/template-pictures/sum' },
    ])
    expect(Buffer.from((await documents.templatePicture('sum'))!).toString()).toBe('picture')
    expect(await documents.templatePicture('none')).toBeUndefined()
    await expect(documents.templatePicture('../sum')).rejects.toThrow('templates: name is')
  })

  it('have one server at a time', () => {
    const { folder } = open()
    expect(() => openDocuments({ folder, templates: folder, catalogue })).toThrow(
      'documents.db: in use by another mazeru server',
    )
  })
})

const saver = join(import.meta.dirname, '../../fixtures/document-saver.ts')

interface Opened extends Partial<DocumentsOptions> {
  readonly files?: Record<string, string>
}

function open({ files = {}, folder = temporaryFolder(files), ...options }: Opened = {}) {
  const { templates = temporaryFolder() } = options
  const documents = openDocuments({ folder, catalogue, ...options, templates })
  onTestFinished(() => documents.close())
  return { documents, folder }
}

function sum(value: number): Workflow {
  const nodes = {
    a: { type: 'number', params: { value } },
    s: { type: 'add', inputs: { a: 'a.value' } },
  }
  return { version: 1, outputs: { sum: 's.sum' }, nodes }
}

function setValue(value: number) {
  return { path: ['nodes', 'a', 'params', 'value'], value }
}

function textOf(folder: string, name: string): string {
  return readFileSync(join(folder, `${name}.json`), 'utf8')
}
