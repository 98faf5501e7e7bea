import { describe, expect, test } from 'vitest'
import {
  applyPatch,
  applyWhatFits,
  invertPatch,
  touchedBy,
} from '../../engine/protocol/apply-patch.ts'
import type { PatchOp, Workflow } from '../../engine/protocol/index.ts'

const workflow: Workflow = {
  version: 1,
  nodes: { a: { type: 'x', params: { p: 1, q: 2, r: 3 } }, b: { type: 'y' }, c: { type: 'z' } },
  layout: { a: { x: 1, y: 2 } },
}

const cases: readonly (readonly [string, readonly PatchOp[]])[] = [
  ['sets a value in its place', [{ path: ['nodes', 'a', 'params', 'q'], value: 9 }]],
  ['takes an entry from the middle', [{ path: ['nodes', 'b'] }]],
  ['takes several neighbours', [{ path: ['nodes', 'b'] }, { path: ['nodes', 'c'] }]],
  ['takes all', [{ path: ['nodes', 'a'] }, { path: ['nodes', 'c'] }, { path: ['nodes', 'b'] }]],
  ['adds before another', [{ path: ['nodes', 'n'], value: { type: 'n' }, before: 'b' }]],
  ['adds a section', [{ path: ['outputs'], value: { o: 'a.b' }, before: 'nodes' }]],
  [
    'changes what it has added and takes it away',
    [
      { path: ['nodes', 'n'], value: { type: 'n', params: {} } },
      { path: ['nodes', 'n', 'params', 'p'], value: 1 },
      { path: ['nodes', 'a'] },
      { path: ['nodes', 'n', 'params'] },
      { path: ['nodes', 'a'], value: { type: 'again' } },
    ],
  ],
]

describe('a patch', () => {
  for (const [title, ops] of cases) {
    test(`${title}, and its inverse restores the text`, () => {
      const before = JSON.stringify(workflow)
      const after = applyPatch(workflow, ops)
      expect(JSON.stringify(after)).not.toBe(before)
      expect(JSON.stringify(applyPatch(after, invertPatch(workflow, ops)))).toBe(before)
      expect(JSON.stringify(workflow)).toBe(before)
    })
  }

  test('puts a new entry before another', () => {
    const after = applyPatch(workflow, [
      { path: ['nodes', 'n'], value: { type: 'n' }, before: 'b' },
      { path: ['nodes', 'm'], value: { type: 'm' }, before: 'gone' },
    ])
    expect(Object.keys(after.nodes)).toEqual(['a', 'n', 'b', 'c', 'm'])
  })

  test('shares what it does not touch', () => {
    const after = applyPatch(workflow, [{ path: ['nodes', 'b', 'type'], value: 'w' }])
    expect(after.nodes.a).toBe(workflow.nodes.a)
    expect(after.layout).toBe(workflow.layout)
  })

  test('refuses a path whose parent is absent, and names it', () => {
    const ops = [{ path: ['nodes', 'gone', 'params', 'p'], value: 1 }]
    expect(() => applyPatch(workflow, ops)).toThrow(
      'nodes.gone.params.p: no object at "nodes.gone", expected one to change',
    )
    const text = [{ path: ['nodes', 'a', 'type', 'x'], value: 1 }]
    expect(() => applyPatch(workflow, text)).toThrow('no object at "nodes.a.type"')
    expect(applyWhatFits(workflow, ops)).toMatchObject({ skipped: ops, inverse: [] })
  })

  test('takes away what is absent without a word, and never reaches a prototype', () => {
    expect(applyPatch(workflow, [{ path: ['nodes', 'gone', 'params'] }])).toEqual(workflow)
    expect(() => applyPatch(workflow, [{ path: ['__proto__', 'x'], value: 1 }])).toThrow(
      '__proto__',
    )
    expect(() => applyPatch(workflow, [{ path: ['constructor', 'x'], value: 1 }])).toThrow()
  })

  test('says which nodes it touches', () => {
    const { nodes, others } = touchedBy([
      { path: ['nodes', 'a', 'params', 'p'], value: 1 },
      { path: ['layout', 'b'] },
      { path: ['inputs', 'x'] },
    ])
    expect([...nodes]).toEqual(['a', 'b'])
    expect(others).toBe(true)
  })
})
