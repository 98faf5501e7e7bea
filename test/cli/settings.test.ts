import { describe, expect, it } from 'vitest'
import { inputsOf, settingsOf } from '../../engine/cli/settings.ts'

describe('--set and --input', () => {
  it('split at the first sign, so that a value may hold others and may be empty', () => {
    expect(settingsOf(['blend.ratio1=0.5', 'positive.text=a = b', 'a.b='])).toEqual([
      { target: 'blend.ratio1', value: '0.5' },
      { target: 'positive.text', value: 'a = b' },
      { target: 'a.b', value: '' },
    ])
    expect(inputsOf(['prompt=x=y', 'seed=3'])).toEqual({ prompt: 'x=y', seed: '3' })
  })

  it.each([
    [() => settingsOf(['ratio']), '--set ratio: node.param=value expected'],
    [() => settingsOf(['ratio=1']), '--set ratio=1: node.param=value expected'],
    [() => inputsOf(['=1']), '--input =1: name=value expected'],
    [() => inputsOf(['a=1', 'a=2']), '--input a: given twice, once expected'],
  ])('say what they expect', (give, message) => expect(give).toThrow(message))
})
