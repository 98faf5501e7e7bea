import type { ClientMessage, ServerEvent, ServerMessage } from '../../engine/protocol/messages.ts'
import { createListeners } from '../state/listeners.ts'
import { connection, hardware, library, notify, runs } from '../state/stores.ts'
import { loadAssets, setServer } from './api.ts'
import { applyEvents, applySnapshot } from './apply-events.ts'
import { gatherPerFrame } from './frames.ts'
import { createPreviews } from './preview-frames.ts'
import { openSocket, type Socket, type SocketOptions } from './socket.ts'

type Asking = Extract<ClientMessage, { readonly request: number }>
type Unnumbered<T> = T extends unknown ? Omit<T, 'request'> : never
/** A message that is answered, without its number. */
export type Question = Unnumbered<Asking>

/** The connection of this tab to the server. */
export interface Link {
  readonly state: 'connecting' | 'open' | 'lost'
  /** Under which the server knows this tab. */
  readonly client: string
  /** Told when the state changes. */
  followState(listener: () => void): () => void
  /** Connects and stays connected until `close`. */
  connect(options: LinkOptions): void
  close(): void
  /** Sends where the line is up; false where it is not, and nothing is kept. */
  send(message: ClientMessage): boolean
  /**
   * Sends a question and gives the answer. While the line is down it waits, and it is asked again
   * after a reconnect. Rejects when the link is closed.
   */
  request(question: Exclude<Question, { type: 'document-patch' }>): Promise<ServerMessage>
  /** A number that no other request of this client has had. */
  nextRequest(): number
  /** Told of every message. */
  follow(listener: (message: ServerMessage) => void): () => void
  /** Told of every event, at once: the stores follow with the next frame. */
  followEvents(listener: (event: ServerEvent) => void): () => void
  /** Connects now instead of at the end of a wait. */
  retry(): void
}

export interface LinkOptions {
  /** `http://127.0.0.1:8188`. */
  readonly address: string
  readonly client: string
  readonly token?: string | undefined
  readonly times?: SocketOptions['times']
}

/** The one link of the tab. */
export const link: Link = createLink()

/** A link that fills the stores. */
export function createLink(): Link {
  const messages = createListeners<ServerMessage>()
  const events = createListeners<ServerEvent>()
  const open = new Map<number, Waiting>()
  const pictures = createPreviews()
  const gathering = gatherPerFrame(applyEvents)
  const states = createListeners<undefined>()
  let socket: Socket | undefined
  let name = ''
  let state: Link['state'] = 'connecting'
  // Above all numbers that this client used before a reload.
  let last = Date.now()

  function receive(message: ServerMessage): void {
    if (message.type === 'event') take(message.event)
    else if (message.type === 'welcome' && message.snapshot) {
      gathering.flush()
      applySnapshot(message.snapshot)
    } else if (message.type === 'hardware') hardware.setState({ now: message.hardware })
    else if (message.type === 'error') notify(message.message, 'bad')
    if (message.type === 'checked' || message.type === 'set-done') {
      open.get(message.request)?.resolve(message)
      open.delete(message.request)
    }
    messages.tell(message)
  }

  function take(event: ServerEvent): void {
    gathering.add(event)
    if (event.type === 'run-removed') pictures.forget(event.id)
    if (event.type === 'run' && !isActive(event.run.state)) forgetLater(event.run.id)
    if (event.type === 'library') {
      const { assets } = library.getState()
      for (const kind of Object.keys(assets) as (keyof typeof assets)[]) {
        if (event.kinds.includes(kind)) void loadAssets(kind).catch(() => undefined)
      }
    }
    events.tell(event)
  }

  /** Previews of a run that has ended stay while the canvas shows it. */
  function forgetLater(run: string): void {
    const shown = new Set(runs.getState().shown.values())
    if (!shown.has(run)) pictures.forget(run)
  }

  return {
    get state() {
      return state
    },
    get client() {
      return name
    },
    followState: (listener) => states.follow(listener),
    connect({ address, client, token, times }) {
      socket?.close()
      setServer(address, token)
      name = client
      connection.setState({ client })
      const url = `${address.replace(/^http/, 'ws').replace(/\/$/, '')}/api/socket`
      socket = openSocket({
        ...{ url, client, token, times: times ?? {} },
        onMessage: receive,
        onFrame: (frame) => pictures.show(frame),
        onState(next) {
          if (next === state) return
          state = next
          connection.setState({ state })
          states.tell(undefined)
          if (state === 'open') for (const { message } of open.values()) socket?.send(message)
        },
      })
    },
    close() {
      socket?.close()
      socket = undefined
      for (const { reject } of open.values()) reject(new Error('link: closed, expected open'))
      open.clear()
    },
    send: (message) => socket?.send(message) ?? false,
    request(question) {
      last += 1
      const message = { ...question, request: last } as ClientMessage
      return new Promise((resolve, reject) => {
        open.set(last, { message, resolve, reject })
        socket?.send(message)
      })
    },
    nextRequest() {
      last += 1
      return last
    },
    follow: messages.follow,
    followEvents: events.follow,
    retry: () => socket?.retry(),
  }
}

interface Waiting {
  readonly message: ClientMessage
  readonly resolve: (message: ServerMessage) => void
  readonly reject: (error: Error) => void
}

function isActive(state: string): boolean {
  return state === 'waiting' || state === 'running'
}
