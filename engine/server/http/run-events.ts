import type { FeedEvent } from '../socket/feed.ts'
import type { ServerContext } from './context.ts'

/** Milliseconds between two lines that only keep the connection open. */
const pulse = 15_000

/** Events read at once. */
const portion = 200

/**
 * Server-sent events of one run: first the run as it is, or what was missed after `Last-Event-ID`,
 * then all that happens. The id of an event is its number, with the epoch. Ends with the run.
 * Nothing is queued for a slow reader: it is read from the journal as fast as the reader takes it.
 */
export function runEvents(id: string, request: Request, context: ServerContext): Response {
  const { feed, parts } = context
  const lastSeen = request.headers.get('last-event-id') ?? undefined
  let cursor = cursorOf(lastSeen, feed.epoch)
  let wake = () => {}
  const offs = [feed.follow(() => wake())]
  const timer = setInterval(() => wake(), pulse)
  timer.unref()
  let isStopped = false
  const stop = () => {
    isStopped = true
    clearInterval(timer)
    for (const off of offs) off()
    wake()
  }
  let hasEnded = false
  const encoder = new TextEncoder()
  const snapshot = () => {
    cursor = feed.sequence
    const run = parts.runs.detail(id)
    hasEnded = !run || isOver(run.state)
    return frame('snapshot', `${feed.epoch}:${cursor}`, JSON.stringify(run ?? { id, gone: true }))
  }
  const next = (): string | undefined => {
    if (cursor === undefined) return snapshot()
    const events = feed.after(cursor, portion)
    if (!events) return snapshot()
    if (events.length === 0) return undefined
    cursor = events.at(-1)!.sequence
    const own = events.filter(({ event }) => runOf(event) === id)
    hasEnded ||= own.some(({ event }) => endsRun(event))
    return own.map((event) => eventFrame(event, feed.epoch)).join('')
  }
  /** True where something may have come, false where only the pulse woke it. */
  const wakened = async () => {
    const before = feed.sequence
    await new Promise<void>((resolve) => {
      wake = resolve
    })
    return feed.sequence !== before || isStopped
  }
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        for (;;) {
          if (isStopped) return
          const text = next()
          if (text) controller.enqueue(encoder.encode(text))
          if (hasEnded) break
          if (text) return
          if (text === '') continue
          if (await wakened()) continue
          controller.enqueue(encoder.encode(': waiting\n\n'))
          return
        }
        stop()
        controller.close()
      },
      cancel: stop,
    },
    { highWaterMark: 1 },
  )
  const over = AbortSignal.any([request.signal, context.closing])
  over.addEventListener('abort', stop, { once: true })
  return new Response(body, {
    headers: { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' },
  })
}

function cursorOf(text: string | undefined, epoch: string): number | undefined {
  const [given, sequence] = text?.split(':') ?? []
  return given === epoch && /^\d{1,15}$/.test(sequence ?? '') ? Number(sequence) : undefined
}

function eventFrame({ sequence, event }: FeedEvent, epoch: string): string {
  return frame(event.type, `${epoch}:${sequence}`, JSON.stringify(event))
}

function frame(type: string, id: string, data: string): string {
  return `event: ${type}\nid: ${id}\ndata: ${data}\n\n`
}

/** The run that an event is about. */
function runOf(event: FeedEvent['event']): string | undefined {
  if (event.type === 'run') return event.run.id
  if (event.type === 'run-removed') return event.id
  return 'run' in event ? event.run : undefined
}

function endsRun(event: FeedEvent['event']): boolean {
  return event.type === 'run-removed' || (event.type === 'run' && isOver(event.run.state))
}

/** True for the states that a run stays in. */
export function isOver(state: string): boolean {
  return state === 'done' || state === 'failed' || state === 'cancelled'
}
