import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { applyPatch } from '../../../engine/protocol/apply-patch.ts'
import { documentReply, type PatchOp, type Workflow } from '../../../engine/protocol/index.ts'
import { seeded } from '../../support/seeded.ts'
import {
  keptDesk,
  oneNumber,
  removeDesk,
  type ServerProcess,
  startServer,
  until,
  writeWorkflow,
} from './support.ts'
import { type Watcher, watch } from './watcher.ts'

const desk = keptDesk({ shared: oneNumber(1), saved: oneNumber(1), edited: oneNumber(1) })
let server: ServerProcess
beforeAll(async () => {
  server = await startServer(desk)
})
afterAll(async () => {
  await server.kill()
  removeDesk(desk)
})

const onDisk = (name: string) =>
  JSON.parse(readFileSync(join(desk.workflows, `${name}.json`), 'utf8')) as Workflow

type Ops = { path: string[]; value?: unknown }[]

/** The document as this editor has it after all that it was told. */
function told({ messages }: Watcher, name: string): Workflow {
  let workflow: Workflow | undefined
  for (const message of messages) {
    if (!('name' in message) || message.name !== name) continue
    if (message.type === 'document-opened') workflow = message.workflow as Workflow
    if (message.type === 'document-patched') {
      workflow = applyPatch(workflow!, message.ops as PatchOp[])
    }
  }
  return workflow!
}

const place = (node: string, ...rest: string[]) => ['nodes', node, ...rest]

describe('two editors of one document', () => {
  it('end with the same workflow as the file, however their patches cross', async () => {
    const dice = seeded(7)
    const editors = await Promise.all(
      ['left', 'right'].map((client) => watch(server.port, { client })),
    )
    for (const editor of editors) {
      editor.send({ type: 'document-open', name: 'shared' })
      await editor.first('document-opened')
    }
    const count = 60
    for (let request = 0; request < count; request++) {
      for (const [who, editor] of editors.entries()) {
        const own = `n${who}${dice.below(5)}`
        const ops: Ops = dice.pick<Ops>([
          [{ path: place('a', 'params', 'value'), value: dice.below(100) }],
          [{ path: place(own), value: { type: 'number', params: { value: request } } }],
          [{ path: place(own) }],
          [{ path: ['name'], value: `named by ${who} at ${request}` }],
        ])
        editor.send({ type: 'document-patch', name: 'shared', request, base: 0, ops: [...ops] })
      }
    }
    await Promise.all(
      editors.flatMap((editor) =>
        ['left', 'right'].map((client) =>
          editor.first(
            'document-patched',
            (message) => message.client === client && message.request === count - 1,
          ),
        ),
      ),
    )
    const revisions = editors[0]!.messages.flatMap((one) =>
      one.type === 'document-patched' ? [one.revision] : [],
    )
    expect(revisions).toHaveLength(2 * count)
    expect(revisions).toEqual([...revisions].sort((a, b) => a - b))
    // An acknowledged patch is safe at once; the file follows a moment later.
    const present = told(editors[0]!, 'shared')
    await until(() => isDeepStrictEqual(onDisk('shared'), present), 'the file is written', 10)
    const file = onDisk('shared')
    expect(told(editors[1]!, 'shared')).toEqual(file)
    const saved = await server.call(documentReply, 'GET', '/api/workflows/shared')
    expect(saved).toMatchObject({ revision: revisions.at(-1), workflow: file })
  })

  it('are told why a patch cannot be, and keep the document', async () => {
    const editor = await watch(server.port)
    editor.send({ type: 'document-open', name: 'saved' })
    await editor.first('document-opened')
    const ops = [{ path: place('gone', 'params', 'value'), value: 1 }]
    editor.send({ type: 'document-patch', name: 'saved', request: 5, base: 1, ops })
    const refused = await editor.first('document-refused')
    expect(refused).toMatchObject({ name: 'saved', request: 5, workflow: onDisk('saved') })
    expect(refused.message).toContain('nodes.gone')
  })
})

describe('a document', () => {
  it('is not saved over a newer one: the answer holds the present', async () => {
    const path = '/api/workflows/saved'
    const { revision } = await server.call(documentReply, 'GET', path)
    const save = (value: number) =>
      server.ask('PUT', path, { body: { revision, workflow: oneNumber(value) } })
    expect((await save(2)).status).toBe(200)
    const stale = await save(3)
    expect(stale.status).toBe(409)
    expect(stale.json.document).toMatchObject({
      revision: revision + 1,
      workflow: { nodes: { a: { params: { value: 2 } } } },
    })
    expect(onDisk('saved').nodes.a!.params).toEqual({ value: 2 })
  })

  it('that is changed on disk by another program is shown to whoever has it open', async () => {
    const editor = await watch(server.port)
    editor.send({ type: 'document-open', name: 'edited' })
    const { revision } = await editor.first('document-opened')
    writeWorkflow(desk, 'edited', oneNumber(42))
    const again = await editor.first('document-opened', (message) => message.revision > revision)
    expect(again.workflow).toMatchObject({ nodes: { a: { params: { value: 42 } } } })
    await editor.event((event) => event.type === 'document' && event.name === 'edited')
    // A patch after that builds on what the other program wrote.
    const ops = [{ path: ['name'], value: 'mine' }]
    editor.send({ type: 'document-patch', name: 'edited', request: 1, base: revision, ops })
    await editor.first('document-patched')
    await until(() => onDisk('edited').name === 'mine', 'the file is written')
    expect(onDisk('edited')).toMatchObject({
      name: 'mine',
      nodes: { a: { params: { value: 42 } } },
    })
  })

  it('that another program makes appears in the list, and goes from it when removed', async () => {
    const names = async () => {
      const { json } = await server.ask('GET', '/api/workflows')
      return (json.workflows as { name: string }[]).map(({ name }) => name)
    }
    writeWorkflow(desk, 'folder/made', oneNumber(1))
    await until(async () => (await names()).includes('folder/made'), 'the new file is listed')
    expect((await server.ask('DELETE', '/api/workflows/folder/made')).status).toBe(200)
    expect(await names()).not.toContain('folder/made')
  })
})
