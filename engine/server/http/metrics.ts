import type { ServerContext } from './context.ts'

interface Figure {
  readonly name: string
  readonly type: 'counter' | 'gauge'
  readonly help: string
  /** Value, or values by one label. */
  readonly values: number | { readonly label: string; readonly by: readonly [string, number][] }
}

/** The figures of the server in the text format of Prometheus. */
export function metricsText(context: ServerContext): string {
  return figures(context)
    .flatMap(({ name, type, help, values }) => {
      const full = `mazeru_${name}`
      const head = [`# HELP ${full} ${help}`, `# TYPE ${full} ${type}`]
      if (typeof values === 'number') return [...head, `${full} ${values}`]
      const lines = values.by.map(
        ([key, value]) => `${full}{${values.label}="${escaped(key)}"} ${value}`,
      )
      return [...head, ...lines]
    })
    .concat('')
    .join('\n')
}

function figures({ parts, feed, counts, clock, running }: ServerContext): Figure[] {
  const { waiting, running: ids, paused } = parts.runs.queue
  const { executors } = parts
  const by = (label: string, entries: readonly [string, number][]) => ({ label, by: entries })
  const gauge = 'gauge'
  const counter = 'counter'
  const ended = running.counts?.()
  return [
    { name: 'queue_waiting', type: gauge, help: 'Runs that wait.', values: waiting },
    { name: 'queue_running', type: gauge, help: 'Runs under way.', values: ids.length },
    { name: 'queue_paused', type: gauge, help: '1 while paused.', values: Number(paused) },
    ...(ended
      ? [
          {
            name: 'runs_total',
            type: counter,
            help: 'Runs that ended.',
            values: by('state', [
              ['done', ended.done],
              ['failed', ended.failed],
              ['cancelled', ended.cancelled],
              ['crashed', ended.crashed],
            ]),
          } as const,
          {
            name: 'nodes_total',
            type: counter,
            help: 'Nodes that ended.',
            values: by('state', [
              ['done', ended.nodesRun],
              ['cached', ended.nodesCached],
              ['failed', ended.nodesFailed],
            ]),
          } as const,
          {
            name: 'run_seconds_total',
            type: counter,
            help: 'Time of runs.',
            values: ended.seconds,
          } as const,
        ]
      : []),
    {
      name: 'executor_up',
      type: gauge,
      help: '1 while an executor can take a run.',
      values: by(
        'executor',
        executors.map(({ name, state }) => [name, Number(state === 'idle' || state === 'busy')]),
      ),
    },
    {
      name: 'executor_restarts_total',
      type: counter,
      help: 'Times that an executor was begun again.',
      values: by(
        'executor',
        executors.map(({ name, restarts }) => [name, restarts]),
      ),
    },
    { name: 'events_total', type: counter, help: 'Events in the journal.', values: feed.sequence },
    { name: 'sockets', type: gauge, help: 'Editors connected.', values: counts.sockets },
    {
      name: 'previews_dropped_total',
      type: counter,
      help: 'Previews replaced before a slow client took them.',
      values: counts.previewsDropped,
    },
    {
      name: 'http_answers_total',
      type: counter,
      help: 'Answers by status.',
      values: by(
        'status',
        [...counts.answers].map(([status, count]) => [String(status), count]),
      ),
    },
    {
      name: 'uptime_seconds',
      type: gauge,
      help: 'Since the start.',
      values: (clock() - counts.started) / 1000,
    },
    {
      name: 'memory_bytes',
      type: gauge,
      help: 'Resident memory of the server.',
      values: process.memoryUsage.rss(),
    },
  ]
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
