import { describe, expect, it } from 'vitest'
import { eventLine, problemLine } from '../../engine/cli/report.ts'
import { DeviceError, NodeError } from '../../engine/errors.ts'

const at = { sequence: 7, time: 1234.56 }

describe('an event as JSON', () => {
  it('has the shape of a value and not its data', () => {
    const value = { data: new Float32Array(12), shape: [1, 3, 2, 2] }
    expect(eventLine({ ...at, type: 'preview', node: 'sampler', value })).toEqual({
      ...{ sequence: 7, time: 1235, type: 'preview', node: 'sampler' },
      value: { shape: [1, 3, 2, 2] },
    })
  })

  it('has the error that the node met', () => {
    const error = new NodeError('sampler', new DeviceError('out of memory'))
    expect(eventLine({ ...at, type: 'failed', node: 'sampler', error })).toMatchObject({
      node: 'sampler',
      error: { name: 'DeviceError', message: 'out of memory' },
    })
  })
})

describe('a problem as a line', () => {
  it.each([
    [{ node: 'a', param: 'b', message: 'is 0, expected 1' }, 'a.b: is 0, expected 1'],
    [{ node: 'a', socket: 'b', message: 'a: b is missing' }, 'a: b is missing'],
    [{ input: 'prompt', message: 'goes nowhere' }, 'prompt: goes nowhere'],
    [{ message: 'no nodes' }, 'no nodes'],
  ])('%o begins with its place', (problem, line) => {
    expect(problemLine({ code: 'bad-param', ...problem })).toBe(line)
  })
})
