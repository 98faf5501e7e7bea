import type { ClientMessage, ServerMessage } from '../../engine/protocol/messages.ts'

/**
 * The WebSocket: connects again after a loss, says where it stopped, and notices a line that is
 * dead though nobody closed it.
 */

export interface SocketOptions {
  /** `ws://127.0.0.1:8188/api/socket`. */
  readonly url: string
  readonly client: string
  readonly token?: string | undefined
  readonly onMessage: (message: ServerMessage) => void
  readonly onFrame: (frame: ArrayBuffer) => void
  /** `open` once the server has welcomed. */
  readonly onState: (state: 'connecting' | 'open' | 'lost') => void
  readonly times?: Partial<SocketTimes>
  /** 0 to 1, for the jitter. */
  readonly random?: () => number
}

/** Milliseconds. */
export interface SocketTimes {
  /** First wait before connecting again; doubles each time. */
  readonly retry: number
  readonly longestRetry: number
  readonly ping: number
  /** Silence after which the line counts as dead. */
  readonly dead: number
}

/** A connection that keeps itself up until it is closed. */
export interface Socket {
  /** False where the line is down: then nothing was sent. */
  send(message: ClientMessage): boolean
  /** Connects now instead of at the end of a wait. */
  retry(): void
  close(): void
}

const usual: SocketTimes = { retry: 400, longestRetry: 15_000, ping: 15_000, dead: 40_000 }

/** Opens the connection. */
export function openSocket(options: SocketOptions): Socket {
  const times = { ...usual, ...options.times }
  const random = options.random ?? Math.random
  let socket: WebSocket | undefined
  let welcomed = false
  let epoch: string | undefined
  let sequence: number | undefined
  let failures = 0
  let heard = 0
  let beat: ReturnType<typeof setInterval> | undefined
  let waiting: ReturnType<typeof setTimeout> | undefined
  let closed = false

  function connect(): void {
    clearTimeout(waiting)
    waiting = undefined
    options.onState('connecting')
    const line = new WebSocket(options.url)
    line.binaryType = 'arraybuffer'
    socket = line
    heard = performance.now()
    line.onopen = () => {
      const { client, token } = options
      const resume = epoch !== undefined && { epoch, since: sequence ?? 0 }
      write({ type: 'hello', client, ...(token !== undefined && { token }), ...resume })
    }
    line.onmessage = ({ data }) => {
      if (socket !== line) return
      heard = performance.now()
      if (data instanceof ArrayBuffer) options.onFrame(data)
      else receive(JSON.parse(data) as ServerMessage)
    }
    line.onclose = () => {
      if (socket === line) lose()
    }
    beat = setInterval(() => {
      if (performance.now() - heard > times.dead) {
        line.close()
        lose()
      } else if (welcomed) write({ type: 'ping' })
    }, times.ping)
  }

  function receive(message: ServerMessage): void {
    if (message.type === 'welcome') {
      if (message.snapshot || message.epoch !== epoch) sequence = message.sequence
      epoch = message.epoch
      welcomed = true
      failures = 0
    }
    if (message.type === 'event') {
      if (sequence !== undefined && message.sequence <= sequence) return
      sequence = message.sequence
    }
    options.onMessage(message)
    if (message.type === 'welcome') options.onState('open')
  }

  function lose(): void {
    clearInterval(beat)
    socket = undefined
    welcomed = false
    if (closed) return
    options.onState('lost')
    const wait = Math.min(times.longestRetry, times.retry * 2 ** failures)
    failures += 1
    waiting = setTimeout(connect, wait * (0.5 + random() / 2))
  }

  function write(message: ClientMessage): boolean {
    if (socket?.readyState !== 1) return false
    socket.send(JSON.stringify(message))
    return true
  }

  connect()
  return {
    send: (message) => welcomed && write(message),
    retry() {
      if (waiting !== undefined) connect()
    },
    close() {
      closed = true
      clearTimeout(waiting)
      clearInterval(beat)
      socket?.close()
      socket = undefined
      options.onState('lost')
    },
  }
}
