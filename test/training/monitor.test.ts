import { describe, expect, test } from 'vitest'
import type { Hardware } from '../../engine/files/hardware.ts'
import { hardwareMonitor, temperatureGuard } from '../../engine/training/monitor.ts'
import type { TrainingEvent } from '../../engine/training/run/events.ts'

describe('a temperature limit', () => {
  test('pauses above the limit and goes on 5 degrees below it', () => {
    const judge = temperatureGuard(80)
    const course = [70, 80, 81, 79, 76, 75, 79, 80, 80.5, 75]
    expect(course.map(judge)).toEqual([
      ...['run', 'run', 'pause', 'pause', 'pause', 'run', 'run', 'run', 'pause', 'run'],
    ])
  })

  test('pauses nothing while the temperature is not known', () => {
    const judge = temperatureGuard(80)
    expect([judge(90), judge(undefined), judge(undefined)]).toEqual(['pause', 'run', 'run'])
  })
})

describe('the monitor of a run', () => {
  test('reports the device from time to time, not at every step', async () => {
    const { guard, events, pass } = world([60, 61, 62])
    for (let step = 0; step < 25; step++) {
      await guard()
      pass(1000)
    }
    expect(events.map(({ type }) => type)).toEqual(['device', 'device', 'device'])
    expect(events[1]).toEqual({
      type: 'device',
      values: { 'memory rss': 5, 'gpu0 temperature': 61, 'gpu0 use': 0.5 },
    })
  })

  test('waits while the device is too warm, and says how long', async () => {
    const { guard, events, waits } = world([85, 82, 76, 75], 80)
    await guard()
    expect(waits).toEqual([10_000, 10_000, 10_000])
    expect(events.filter(({ type }) => type !== 'device')).toEqual([
      { type: 'paused', reason: 'GPU at 85 °C, at most 80 °C wanted' },
      { type: 'continued', seconds: 30 },
    ])
  })

  test('warns once where a limit cannot be watched', async () => {
    const { guard, events, pass } = world([undefined, undefined], 80)
    await guard()
    pass(10_000)
    await guard()
    expect(events.filter(({ type }) => type === 'warning')).toEqual([
      {
        type: 'warning',
        message:
          'gpuTemperatureLimit: 80 °C, but no card of this machine tells its temperature; the limit is not watched',
      },
    ])
  })

  test('ends with the run that is cancelled while it waits', async () => {
    const { guard, events } = world([85, 85], 80, () => Promise.reject(new Error('cancelled')))
    await expect(guard()).rejects.toThrow('cancelled')
    expect(events.at(-1)).toMatchObject({ type: 'paused' })
  })
})

/** A machine whose card has these temperatures one after another, and a clock that is set. */
function world(temperatures: (number | undefined)[], limit?: number, cut?: () => Promise<void>) {
  const events: TrainingEvent[] = []
  const waits: number[] = []
  let time = 0
  let reading = 0
  const monitor = hardwareMonitor({
    limit,
    now: () => time,
    async read(): Promise<Hardware> {
      const temperature = temperatures[reading++]
      const gpu = { name: 'card', use: 0.5, ...(temperature !== undefined && { temperature }) }
      return { gpus: [gpu], memory: { rss: 5 } }
    },
    async wait(milliseconds) {
      await cut?.()
      waits.push(milliseconds)
      time += milliseconds
    },
  })
  const pass = (milliseconds: number) => {
    time += milliseconds
  }
  return { guard: () => monitor((event) => events.push(event)), events, waits, pass }
}
