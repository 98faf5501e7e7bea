import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import {
  type ClientMessage,
  type PreviewHead,
  previewHead,
  type ServerEvent,
  type ServerMessage,
  serverMessage,
} from '../../../engine/protocol/index.ts'

type Of<Type extends ServerMessage['type']> = Extract<ServerMessage, { type: Type }>

/** A picture that came as a binary frame. */
export interface SeenPreview {
  readonly head: PreviewHead
  readonly bytes: Buffer
  /** `performance.now()` at which it came. */
  readonly time: number
}

/** An editor that keeps all that it is told. */
export interface Watcher {
  readonly socket: WebSocket
  readonly welcome: Of<'welcome'>
  readonly messages: readonly ServerMessage[]
  readonly previews: readonly SeenPreview[]
  /** Numbered events, in the order in which they came. */
  readonly events: readonly Of<'event'>[]
  send(message: ClientMessage): void
  /** The first message of a type that passes, of those that came and those to come. */
  first<Type extends ServerMessage['type']>(
    type: Type,
    test?: (message: Of<Type>) => boolean,
  ): Promise<Of<Type>>
  /** Waits for an event that passes. */
  event(test: (event: ServerEvent) => boolean): Promise<Of<'event'>>
  /** Cuts the connection without a word. */
  cut(): Promise<void>
}

interface WatchOptions {
  readonly client?: string
  readonly epoch?: string
  readonly since?: number
  readonly token?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Connects, says hello and waits for the welcome; the connection ends with the test. */
export async function watch(port: number, options: WatchOptions = {}): Promise<Watcher> {
  const { headers, client = 'tab', ...rest } = options
  const socket = new WebSocket(`ws://127.0.0.1:${port}/api/socket`, { headers })
  onTestFinished(() => socket.terminate())
  const messages: ServerMessage[] = []
  const events: Of<'event'>[] = []
  const previews: SeenPreview[] = []
  const looks = new Set<() => void>()
  socket.on('message', (data: Buffer, isBinary) => {
    if (isBinary) previews.push(previewOf(data))
    else {
      const message = serverMessage.parse(JSON.parse(String(data)))
      messages.push(message)
      if (message.type === 'event') events.push(message)
    }
    for (const look of [...looks]) look()
  })
  const first: Watcher['first'] = (type, test = () => true) =>
    found(`a message "${type}"`, looks, () =>
      messages.find((one): one is Of<typeof type> => one.type === type && test(one as never)),
    )
  await once(socket, 'open')
  const send = (message: ClientMessage) => socket.send(JSON.stringify(message))
  send({ type: 'hello', client, ...rest })
  const welcome = await first('welcome')
  return {
    ...{ socket, welcome, messages, events, previews, send, first },
    event: (test) => found('an event', looks, () => events.find(({ event }) => test(event))),
    async cut() {
      socket.terminate()
      if (socket.readyState !== socket.CLOSED) await once(socket, 'close')
    },
  }
}

function previewOf(data: Buffer): SeenPreview {
  const start = 4 + data.readUInt32LE(0)
  const head = previewHead.parse(JSON.parse(data.toString('utf8', 4, start)))
  return { head, bytes: data.subarray(start), time: performance.now() }
}

async function found<Value>(
  what: string,
  looks: Set<() => void>,
  find: () => Value | undefined,
): Promise<Value> {
  const { promise, resolve } = Promise.withResolvers<Value>()
  const look = () => {
    const value = find()
    if (value !== undefined) resolve(value)
  }
  looks.add(look)
  look()
  const late = new AbortController()
  const tooLate = async () => {
    await sleep(50_000, undefined, { signal: late.signal })
    throw new Error(`waited 50 s for ${what}`)
  }
  try {
    return await Promise.race([promise, tooLate()])
  } finally {
    late.abort()
    looks.delete(look)
  }
}

/** Expects events to have each number once, in order, beginning after `since`. */
export function expectNoGap({ events }: Pick<Watcher, 'events'>, since: number): void {
  const numbers = events.map(({ sequence }) => sequence)
  expect(numbers).toEqual(numbers.map((_, index) => since + 1 + index))
}
