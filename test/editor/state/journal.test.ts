import { afterEach, describe, expect, test } from 'vitest'
import { setParam } from '../../../editor/state/commands/index.ts'
import { createDocument } from '../../../editor/state/document.ts'
import { createJournal, readDocument } from '../../../editor/state/journal.ts'
import type { Session } from '../../../editor/state/session.ts'
import { tabs } from '../../../editor/state/stores.ts'
import {
  closeTab,
  documentsOpen,
  journalSettled,
  leaveTabs,
  newTab,
  restoreTabs,
} from '../../../editor/state/tabs.ts'
import { diceOf } from '../support/dice.ts'
import { realWorkflow } from '../support/graphs.ts'
import { memoryStore } from '../support/journal-store.ts'
import { randomCommand } from '../support/random-commands.ts'

const start = realWorkflow('two-loras')
const text = (value: unknown) => JSON.stringify(value)

function session(id: string, living: readonly string[] = []): Session {
  return { id, alive: async (other) => living.includes(other), alone: (task) => task() }
}

afterEach(leaveTabs)

describe('the journal', () => {
  test('brings a document back as it was after any number of written steps', async () => {
    for (let seed = 1; seed <= 50; seed++) {
      const dice = diceOf(seed)
      const cut = 2 + Math.floor(dice() * 260)
      const store = memoryStore(cut)
      const document = createDocument({ workflow: start, name: 'two', revision: 3 })
      const journal = createJournal(store, 's', () => undefined)
      await journal.follow(document, 0)
      const states = [text(document.dump())]
      const end = document.followEvents(() => {
        queueMicrotask(() => states.push(text(document.dump())))
      })
      for (let step = 0; step < 250; step++) {
        const kind = dice()
        if (kind < 0.2) document.undo()
        else if (kind < 0.3) document.redo()
        else if (kind < 0.35) {
          document.applyRemote([{ path: ['description'], value: `${step}` }])
        } else if (kind < 0.4 && document.pending.length > 0) document.confirm(1, step)
        else {
          const { label, ops } = randomCommand(document.workflow, dice)
          document.transact(label, ops, dice() < 0.3 ? { merge: label } : {})
        }
        await Promise.resolve()
      }
      await journal.settled()
      end()
      const [kept] = await store.documents()
      const again = await readDocument(store, kept!)
      const dump = text(again.dump())
      const place = states.indexOf(dump)
      expect(place, `seed ${seed}`).toBeGreaterThanOrEqual(0)
      // Two writes are dumps: the first, and one after 200 events.
      expect(place, `seed ${seed}`).toBeGreaterThanOrEqual(Math.min(cut, states.length - 1) - 2)
    }
  })

  test('brings the tabs of a session back, with their undo', async () => {
    const store = memoryStore()
    await restoreTabs(store, session('a'))
    const empty = tabs.getState().active!
    const document = newTab(start)
    document.transact('steps', setParam(document.workflow, 'sampler', 'steps', 3))
    const dump = document.dump()
    await closeTab(empty)
    await journalSettled()
    await leaveTabs()
    await restoreTabs(store, session('a'))
    expect(documentsOpen().map((open) => open.dump())).toEqual([dump])
    expect(documentsOpen()[0]!.undo()).toBe(true)
    expect(text(documentsOpen()[0]!.workflow)).toBe(text(start))
  })

  test('gives a new session what tabs had open that are gone, and nothing of living ones', async () => {
    const store = memoryStore()
    await restoreTabs(store, session('gone'))
    const lost = newTab(start)
    await journalSettled()
    await leaveTabs()
    await restoreTabs(store, session('b', ['gone']))
    expect(documentsOpen().map(({ id }) => id)).not.toContain(lost.id)
    await leaveTabs()
    await restoreTabs(memoryStore(), session('c'))
    expect(documentsOpen()).toHaveLength(1)
    await leaveTabs()
    await restoreTabs(store, session('d'))
    expect(documentsOpen().map(({ id }) => id)).toContain(lost.id)
    const kept = await store.documents()
    expect(kept.find(({ id }) => id === lost.id)?.session).toBe('d')
  })

  test('says that edits cannot be kept where the browser refuses to', async () => {
    const store = memoryStore()
    const full = { ...store, append: () => Promise.reject(new Error('quota')) }
    const faults: unknown[] = []
    const journal = createJournal(full, 's', (error) => faults.push(error))
    const document = createDocument({ workflow: start })
    await journal.follow(document, 0)
    document.transact('steps', setParam(start, 'sampler', 'steps', 3))
    await journal.settled()
    expect(faults).toEqual([new Error('quota')])
  })
})
