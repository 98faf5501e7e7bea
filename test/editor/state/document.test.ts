import { describe, expect, test } from 'vitest'
import { addNode, removeItems, setParam } from '../../../editor/state/commands/index.ts'
import { createDocument } from '../../../editor/state/document.ts'
import { readWorkflow } from '../../../engine/workflow/index.ts'
import { diceOf } from '../support/dice.ts'
import { realInfos, realWorkflow } from '../support/graphs.ts'
import { faultsOf, randomCommand } from '../support/random-commands.ts'

const text = (value: unknown) => JSON.stringify(value)
const start = realWorkflow('two-loras')

describe('a document', () => {
  test('is valid after any commands, and undo and redo restore each state exactly', () => {
    for (let seed = 1; seed <= 500; seed++) {
      const dice = diceOf(seed)
      const document = createDocument({ workflow: start })
      const states = [text(start)]
      for (let step = 0; step < 25; step++) {
        if (dice() < 0.2) {
          const before = document.history.place
          const undone = document.undo()
          expect(undone).toBe(before > 0)
          expect(text(document.workflow)).toBe(states[document.history.place])
          if (undone && dice() < 0.5) {
            document.redo()
            expect(text(document.workflow)).toBe(states[document.history.place])
          }
          continue
        }
        const { label, ops } = randomCommand(document.workflow, dice)
        document.transact(label, ops)
        if (ops.length > 0) states.length = document.history.place
        states[document.history.place] = text(document.workflow)
        expect(faultsOf(document.workflow), `seed ${seed}: ${label}`).toEqual([])
      }
      const last = text(document.workflow)
      expect(() => readWorkflow(JSON.parse(last)), `seed ${seed}`).not.toThrow()
      const { place } = document.history
      while (document.undo());
      expect(text(document.workflow), `seed ${seed}`).toBe(text(start))
      for (let step = 0; step < place; step++) document.redo()
      expect(text(document.workflow), `seed ${seed}`).toBe(last)
    }
  })

  test('makes one step of a slider that is dragged, and keeps it small', () => {
    const document = createDocument({ workflow: start })
    for (let value = 1; value <= 300; value++) {
      const ops = setParam(document.workflow, 'negative', 'text', `${value}`)
      document.transact('text', ops, { merge: 'negative.text' })
    }
    expect(document.history).toEqual({ labels: ['text'], place: 1 })
    expect(document.dump().steps[0]!.forward.length).toBeLessThan(4)
    document.undo()
    expect(text(document.workflow)).toBe(text(start))
    document.redo()
    expect(document.workflow.nodes.negative?.params).toEqual({ text: '300' })
  })

  test('does not join edits of two fields, nor edits with an undo between', () => {
    const document = createDocument({ workflow: start })
    const set = (value: number, merge: string) =>
      document.transact('set', setParam(document.workflow, 'sampler', 'seed', value), { merge })
    set(1, 'a')
    set(2, 'b')
    set(3, 'a')
    document.undo()
    set(4, 'b')
    expect(document.history.labels).toHaveLength(3)
  })

  test('undoes its own steps and leaves what others did', () => {
    const document = createDocument({ workflow: start, name: 'two', revision: 1 })
    document.transact('mine', setParam(document.workflow, 'sampler', 'steps', 5))
    document.applyRemote([{ path: ['nodes', 'sampler', 'params', 'seed'], value: 9 }])
    document.undo()
    expect(document.workflow.nodes.sampler?.params).toMatchObject({ steps: 20, seed: 9 })
    document.transact('more', setParam(document.workflow, 'sampler', 'steps', 6))
    document.applyRemote(removeItems(document.confirmed, ['sampler'], realInfos))
    expect(document.undo()).toBe(true)
    expect(document.workflow.nodes).not.toHaveProperty('sampler')
  })

  test('tells of what changed, and shares all else', () => {
    const document = createDocument({ workflow: start })
    const told: string[] = []
    document.followNode('sampler', () => told.push('sampler'))
    document.followNode('canvas', () => told.push('canvas'))
    document.follow(({ nodes, others, origin }) => told.push(`${origin} ${[...nodes]} ${others}`))
    document.transact('set', setParam(document.workflow, 'sampler', 'steps', 3))
    expect(told).toEqual(['local sampler false', 'sampler'])
    expect(document.workflow.nodes.canvas).toBe(start.nodes.canvas)
    expect(document.workflow.layout).toBe(start.layout)
  })

  test('undoes one of a thousand edits of a thousand nodes well within 50 ms', () => {
    const document = createDocument({ workflow: { version: 1, nodes: {} } })
    for (let index = 0; index < 1000; index++) {
      const { ops } = addNode(document.workflow, { type: 'reroute', x: index, y: 0 }, realInfos)
      document.transact('add', ops)
    }
    let worst = 0
    for (;;) {
      const begun = performance.now()
      if (!document.undo()) break
      worst = Math.max(worst, performance.now() - begun)
    }
    expect(document.workflow.nodes).toEqual({})
    expect(worst).toBeLessThan(50)
  })
})
