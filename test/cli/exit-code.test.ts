import { describe, expect, it } from 'vitest'
import { describeThrown, exitCodeOf } from '../../engine/cli/exit-code.ts'
import {
  CancelledError,
  DeviceError,
  FormatError,
  NodeError,
  WorkflowError,
} from '../../engine/errors.ts'

describe('something thrown', () => {
  it.each([
    [new WorkflowError('a'), 2],
    [new FormatError('a'), 1],
    [new DeviceError('a'), 1],
    [new CancelledError(), 3],
    [new TypeError('a'), 1],
    ['text', 1],
  ])('%o ends the process with %d', (thrown, code) => expect(exitCodeOf(thrown)).toBe(code))

  it('is a sentence where a user can mend it, also from inside a node', () => {
    expect(describeThrown(new FormatError('a.png: bad'), false)).toBe('a.png: bad')
    expect(describeThrown(new NodeError('load', new FormatError('bad')), false)).toBe('load: bad')
  })

  it('is called a bug where nobody but us can', () => {
    expect(describeThrown(new NodeError('load', new TypeError('x')), false)).toBe(
      'load: x (a bug in mazeru or in a node; --verbose shows where)',
    )
  })

  it('has the stacks of all its causes when they are asked for', () => {
    const text = describeThrown(new NodeError('load', new TypeError('x')), true)
    expect(text).toMatch(/^NodeError: load: x\n +at /)
    expect(text).toMatch(/\ncaused by TypeError: x\n +at /)
  })

  it('is passed over in silence when it is a cancellation', () => {
    expect(describeThrown(new CancelledError(), true)).toBe('')
  })
})
