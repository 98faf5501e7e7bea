import type { Hardware } from '../files/hardware.ts'
import type { TrainingEvent } from './run/events.ts'

/** Whether a run may go on. */
export type GuardVerdict = 'run' | 'pause'

/** A paused run goes on when the device is so many degrees below the limit. */
const coolBy = 5

/**
 * Watches a temperature: `pause` above the limit, until it is 5 °C below. A temperature that is not
 * known pauses nothing, for nobody could tell when to go on.
 */
export function temperatureGuard(limit: number): (temperature?: number) => GuardVerdict {
  let isPaused = false
  return (temperature) => {
    const bound = isPaused ? limit - coolBy : limit
    isPaused = temperature !== undefined && temperature > bound
    return isPaused ? 'pause' : 'run'
  }
}

/** The temperature of the warmest card, °C; undefined where none tells. */
export function warmest({ gpus }: Hardware): number | undefined {
  const known = gpus.flatMap(({ temperature }) => (temperature === undefined ? [] : [temperature]))
  return known.length === 0 ? undefined : Math.max(...known)
}

/** Names and numbers for the log: `gpu0 temperature`, `memory rss`. */
export function hardwareValues({ gpus, memory }: Hardware): Record<string, number> {
  const groups = [['memory', memory], ...gpus.map((gpu, index) => [`gpu${index}`, gpu])] as const
  const entries = groups.flatMap(([group, values]) =>
    Object.entries(values).flatMap(([name, value]) =>
      typeof value === 'number' ? [[`${group} ${name}`, value] as const] : [],
    ),
  )
  return Object.fromEntries(entries)
}

/** What a monitor reaches of the world. */
export interface MonitorOptions {
  read(): Promise<Hardware>
  /** Milliseconds of any clock. */
  now(): number
  /** Waits so many milliseconds. Throws a CancelledError once the run is cancelled. */
  wait(milliseconds: number): Promise<void>
  /** °C of the warmest card above which the run pauses. */
  readonly limit?: number | undefined
  /** Milliseconds between two readings; 10 seconds where absent. */
  readonly interval?: number
}

/**
 * The guard of a run, asked before every step: from time to time it reports what the system tells
 * of the device, and waits as long as that is too warm. Warns once where there is a limit and no
 * temperature.
 */
export function hardwareMonitor(
  options: MonitorOptions,
): (report: (event: TrainingEvent) => void) => Promise<void> {
  const { read, now, wait, limit, interval = 10_000 } = options
  const judge = temperatureGuard(limit ?? Number.POSITIVE_INFINITY)
  let last = Number.NEGATIVE_INFINITY
  let isWarned = false
  return async (report) => {
    if (now() - last < interval) return
    const look = async () => {
      const hardware = await read()
      last = now()
      report({ type: 'device', values: hardwareValues(hardware) })
      return warmest(hardware)
    }
    let temperature = await look()
    if (temperature === undefined && limit !== undefined && !isWarned) {
      isWarned = true
      report({ type: 'warning', message: unknownTemperature(limit) })
    }
    if (judge(temperature) === 'run') return
    const begin = now()
    report({ type: 'paused', reason: `GPU at ${temperature} °C, at most ${limit} °C wanted` })
    do {
      await wait(interval)
      temperature = await look()
    } while (judge(temperature) === 'pause')
    report({ type: 'continued', seconds: (now() - begin) / 1000 })
  }
}

function unknownTemperature(limit: number): string {
  const found = 'but no card of this machine tells its temperature'
  return `gpuTemperatureLimit: ${limit} °C, ${found}; the limit is not watched`
}
