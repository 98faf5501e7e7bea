import { afterEach, describe, expect, test, vi } from 'vitest'
import { createLink, type Link } from '../../../editor/link/client.ts'
import { startSync } from '../../../editor/link/sync.ts'
import { removeItems, setParam } from '../../../editor/state/commands/index.ts'
import { createDocument, type OpenDocument } from '../../../editor/state/document.ts'
import { diceOf } from '../support/dice.ts'
import { realInfos, realWorkflow } from '../support/graphs.ts'
import { randomCommand } from '../support/random-commands.ts'
import { type Relay, startRelay } from '../support/relay.ts'

const times = { retry: 20, longestRetry: 60, ping: 1000, dead: 3000 }
const start = realWorkflow('two-loras')
const ends: (() => void)[] = []
const text = (value: unknown) => JSON.stringify(value)

afterEach(() => {
  for (const end of ends.splice(0).reverse()) end()
})

let tabs = 0

/** A document with a link of its own, as in a tab of its own. */
function tab(relay: Relay, document = openDocument()): { document: OpenDocument; link: Link } {
  const link = createLink()
  tabs += 1
  link.connect({ address: relay.address, client: `tab ${tabs}`, times })
  const sync = startSync(document, link)
  ends.push(
    () => sync.stop(),
    () => link.close(),
  )
  return { document, link }
}

function openDocument(): OpenDocument {
  return createDocument({ workflow: start, name: 'two', revision: 1 })
}

async function relayed(): Promise<Relay> {
  const relay = await startRelay()
  relay.documents.set('two', { revision: 1, workflow: start })
  return relay
}

const saved = (document: OpenDocument) =>
  vi.waitFor(() => expect(document.saved).toBe('saved'), { timeout: 5000 })

function set(document: OpenDocument, name: string, value: number): void {
  document.transact(name, setParam(document.workflow, 'sampler', name, value))
}

const isOpening = ({ message }: Relay['heard'][number]) => message.type === 'document-open'

const patches = (relay: Relay) =>
  relay.heard.filter(({ message }) => message.type === 'document-patch')

describe('a document that is on the server', () => {
  test('shows an edit at once, sends it and is saved when it comes back', async () => {
    await using relay = await relayed()
    const { document, link } = tab(relay)
    await vi.waitFor(() => expect(link.state).toBe('open'))
    set(document, 'steps', 3)
    set(document, 'steps', 4)
    expect(document.workflow.nodes.sampler?.params?.steps).toBe(4)
    expect(document.saved).toBe('saving')
    await saved(document)
    expect(relay.documents.get('two')).toMatchObject({ revision: 2 })
    expect(text(relay.documents.get('two')?.workflow)).toBe(text(document.workflow))
    expect(patches(relay)).toHaveLength(1)
  })

  test('equals the other tab and the server after random edits and undo in both', async () => {
    for (let seed = 1; seed <= 8; seed++) {
      await using relay = await relayed()
      const dice = diceOf(seed)
      const both = [tab(relay), tab(relay)].map(({ document }) => document)
      for (const document of both) await saved(document)
      for (let step = 0; step < 60; step++) {
        const document = both[dice() < 0.5 ? 0 : 1]!
        if (dice() < 0.2) document.undo()
        else if (dice() < 0.1) document.redo()
        else {
          const { label, ops } = randomCommand(document.workflow, dice)
          document.transact(label, ops)
        }
        if (dice() < 0.03) relay.cut()
        if (dice() < 0.5) await new Promise((resolve) => setTimeout(resolve, dice() * 30))
      }
      await vi.waitFor(
        () => {
          for (const { pending, revision } of both) {
            expect(pending).toEqual([])
            expect(revision).toBe(relay.documents.get('two')!.revision)
          }
        },
        { timeout: 8000 },
      )
      for (const { workflow } of both) {
        expect(workflow, `seed ${seed}`).toEqual(relay.documents.get('two')!.workflow)
      }
      for (const end of ends.splice(0).reverse()) end()
    }
  })

  test('keeps edits made while the line was down, and what others did meanwhile', async () => {
    await using relay = await relayed()
    const { document, link } = tab(relay)
    await saved(document)
    relay.reachable(false)
    await vi.waitFor(() => expect(link.state).not.toBe('open'))
    set(document, 'steps', 7)
    expect(document.saved).toBe('offline')
    const server = relay.documents.get('two')!
    const other = createDocument({ workflow: server.workflow })
    set(other, 'seed', 99)
    relay.documents.set('two', { revision: 2, workflow: other.workflow })
    relay.reachable(true)
    await saved(document)
    expect(document.workflow.nodes.sampler?.params).toMatchObject({ steps: 7, seed: 99 })
    expect(text(relay.documents.get('two')?.workflow)).toBe(text(document.workflow))
  })

  test('does not carry out a patch twice whose echo was lost', async () => {
    await using relay = await relayed()
    const { document } = tab(relay)
    await saved(document)
    relay.loseNextEcho()
    set(document, 'steps', 7)
    await vi.waitFor(() => expect(relay.heard.filter(isOpening)).toHaveLength(2))
    await saved(document)
    expect(patches(relay)).toHaveLength(1)
    expect(relay.documents.get('two')?.revision).toBe(2)
    expect(document.pending).toEqual([])
  })

  test('keeps what was here when the server refuses it', async () => {
    await using relay = await relayed()
    const { document } = tab(relay)
    await saved(document)
    const bad = { path: ['nodes', 'sampler', 'type'], value: 7 }
    document.transact('bad', [bad])
    set(document, 'steps', 9)
    await vi.waitFor(() => expect(document.saved).toBe('conflict'))
    expect(document.conflict?.nodes.sampler?.params?.steps).toBe(9)
    expect(text(document.workflow)).toBe(text(relay.documents.get('two')?.workflow))
  })

  test('sends the rest of a patch whose node another tab has taken away', async () => {
    await using relay = await relayed()
    const { document, link } = tab(relay)
    await saved(document)
    relay.reachable(false)
    await vi.waitFor(() => expect(link.state).not.toBe('open'))
    const other = createDocument({ workflow: start })
    other.transact('remove', removeItems(start, ['negative'], realInfos))
    relay.documents.set('two', { revision: 2, workflow: other.workflow })
    document.transact('text', [{ path: ['nodes', 'negative', 'params'], value: { text: 'x' } }])
    set(document, 'steps', 9)
    relay.reachable(true)
    await vi.waitFor(() => {
      expect(relay.documents.get('two')?.workflow.nodes.sampler?.params?.steps).toBe(9)
    })
    await vi.waitFor(() => expect(document.pending).toEqual([]))
    expect(document.saved).toBe('conflict')
    expect(document.conflict?.nodes.negative?.params).toEqual({ text: 'x' })
    expect(document.workflow).toEqual(relay.documents.get('two')?.workflow)
  })
})
