import type { RunEvent } from '../workflow/index.ts'
import { describeThrown } from './exit-code.ts'
import { say, type TextSink } from './shell.ts'

/** Shows a person how a run goes. */
export interface Progress {
  see(event: RunEvent): void
  /** Takes away what would be drawn over. */
  end(): void
}

/** What a progress line is drawn from. */
export interface ProgressState {
  nodes: number
  settled: number
  node?: string
  step: number
  steps: number
  secondsLeft?: number
  note?: string
}

/** One line that is drawn over on a terminal; warnings and failures stay above it. */
export function barProgress(sink: TextSink, verbose = false): Progress {
  let state: ProgressState = { nodes: 0, settled: 0, step: 0, steps: 0 }
  const erase = () => sink.write('\r\u001b[K')
  return {
    see(event) {
      state = nextState(state, event)
      const remark = remarkOn(event, verbose)
      erase()
      if (remark) say(sink, remark)
      sink.write(progressLine(state, (sink.columns || 80) - 1))
    },
    end: erase,
  }
}

/** Plain lines for a log: what ran, from where it came, how long it took. No escape codes. */
export function lineProgress(sink: TextSink, verbose = false): Progress {
  return {
    see(event) {
      const line = remarkOn(event, verbose) ?? noticeOf(event)
      if (line) say(sink, line)
    },
    end() {},
  }
}

/** `[████░░░░]  2/5  sampler  12/20  0:14 left`, cut to `columns`. */
export function progressLine(state: ProgressState, columns: number): string {
  const { nodes, settled, node, step, steps, secondsLeft, note } = state
  const part = steps > 0 ? Math.min(step / steps, 1) : 0
  const share = nodes > 0 ? Math.min((settled + (node ? part : 0)) / nodes, 1) : 0
  const width = 24
  const full = Math.floor(share * width)
  const parts = [`[${'█'.repeat(full)}${'░'.repeat(width - full)}]`, `${settled}/${nodes}`]
  if (node) parts.push(node)
  if (node && steps > 0) parts.push(`${step}/${steps}`)
  if (node && secondsLeft !== undefined) parts.push(`${clockTime(secondsLeft)} left`)
  if (node && note) parts.push(note)
  return parts.join('  ').slice(0, Math.max(columns, 0))
}

/** Seconds as `m:ss` or `h:mm:ss`, rounded up. */
export function clockTime(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds))
  const two = (value: number) => String(value).padStart(2, '0')
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60]
  if (hours > 0) return `${hours}:${two(minutes)}:${two(whole % 60)}`
  return `${minutes}:${two(whole % 60)}`
}

/** The state after an event. */
export function nextState(state: ProgressState, event: RunEvent): ProgressState {
  const { nodes, settled } = state
  switch (event.type) {
    case 'queued':
      return { nodes: event.nodes.length, settled: 0, step: 0, steps: 0 }
    case 'started':
      return { nodes, settled, node: event.node, step: 0, steps: 0 }
    case 'progress':
      return {
        ...{ nodes, settled, node: event.node, step: event.step, steps: event.steps },
        ...(event.secondsLeft === undefined ? {} : { secondsLeft: event.secondsLeft }),
        ...(event.note === undefined ? {} : { note: event.note }),
      }
    case 'cached':
    case 'finished':
    case 'failed':
    case 'skipped':
      return { nodes, settled: settled + 1, step: 0, steps: 0 }
    default:
      return state
  }
}

function remarkOn(event: RunEvent, verbose: boolean): string | undefined {
  if (event.type === 'failed') return `failed: ${describeThrown(event.error, verbose)}`
  if (event.type === 'warning') return `warning: ${event.node}: ${event.message}`
  if (event.type === 'skipped') return `not run: ${event.node}, because of ${event.because}`
  return undefined
}

function noticeOf(event: RunEvent): string | undefined {
  if (event.type === 'cached') return `${event.node}: unchanged, from ${event.from}`
  if (event.type === 'finished') return `${event.node}: ${event.seconds.toFixed(1)} s`
  return undefined
}
