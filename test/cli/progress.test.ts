import { describe, expect, it } from 'vitest'
import { barProgress, clockTime, lineProgress, progressLine } from '../../engine/cli/progress.ts'
import type { RunEvent } from '../../engine/workflow/index.ts'

const at = { sequence: 0, time: 0 }
const events: RunEvent[] = [
  { ...at, type: 'queued', nodes: ['load', 'sampler', 'save'] },
  { ...at, type: 'cached', node: 'load', from: 'disk' },
  { ...at, type: 'started', node: 'sampler', title: 'Sampler' },
  { ...at, type: 'progress', node: 'sampler', step: 5, steps: 10, secondsLeft: 61.2 },
  { ...at, type: 'warning', node: 'sampler', message: 'too bright' },
  { ...at, type: 'finished', node: 'sampler', seconds: 12.34 },
]

describe('progress on a terminal', () => {
  it('is a line with the share of nodes and steps, and the time that is left', () => {
    const state = { nodes: 4, settled: 1, node: 'sampler', step: 5, steps: 10, secondsLeft: 61.2 }
    expect(progressLine(state, 80)).toBe(
      '[█████████░░░░░░░░░░░░░░░]  1/4  sampler  5/10  1:02 left',
    )
  })

  it('is cut where the terminal ends', () => {
    expect(progressLine({ nodes: 1, settled: 0, step: 0, steps: 0 }, 10)).toHaveLength(10)
  })

  it('is drawn over, with warnings left above it', () => {
    const text = draw(barProgress)
    expect(text.split('\n').map((line) => line.split('\u001b[K').at(-1))).toEqual([
      'warning: sampler: too bright',
      '',
    ])
    expect(text.split('\u001b[K').at(-2)).toBe('[████████████████░░░░░░░░]  2/3\r')
  })
})

describe('progress in a log', () => {
  it('is a line per node without escape codes', () => {
    expect(draw(lineProgress)).toBe(
      'load: unchanged, from disk\nwarning: sampler: too bright\nsampler: 12.3 s\n',
    )
  })
})

it.each([
  [0, '0:00'],
  [59.1, '1:00'],
  [3599, '59:59'],
  [3661, '1:01:01'],
])('%d seconds are shown as %s', (seconds, text) => expect(clockTime(seconds)).toBe(text))

function draw(make: typeof barProgress): string {
  let text = ''
  const progress = make({ write: (more) => (text += more), columns: 80 })
  for (const event of events) progress.see(event)
  progress.end()
  return text
}
