import type { RawData, WebSocket } from 'ws'
import { messageOf } from '../../errors.ts'
import { type ClientMessage, clientMessage, type ServerMessage } from '../../protocol/index.ts'
import type { ServerContext } from '../http/context.ts'
import { refusalOf } from '../http/errors.ts'
import { describeIssues } from '../http/issues.ts'
import type { Access } from '../http/security.ts'
import { createChecks } from './checks.ts'
import type { DocumentRoom, Member } from './document-room.ts'
import { openOutlet } from './outlet.ts'
import type { PackedPreview } from './previews.ts'

/** One editor. */
export interface Connection {
  preview(frame: PackedPreview): void
  hardware(message: ServerMessage): void
  /** Ends a connection that has not answered since the last beat. */
  beat(): void
  /** The socket has closed. */
  end(): void
}

interface ConnectionOptions {
  readonly context: ServerContext
  readonly access: Access
  readonly room: DocumentRoom
  /** The request carried the token, or none is needed. */
  readonly isKnown: boolean
  readonly helloWithin: number
}

type Of<Type extends ClientMessage['type']> = Extract<ClientMessage, { type: Type }>

/** Codes of closing that the editor tells apart. */
const closing = { noHello: 4400, wrongToken: 4401 }

/** Documents that one editor may have open. */
const mostDocuments = 200

/** Serves one editor until its socket closes. */
export function openConnection(socket: WebSocket, options: ConnectionOptions): Connection {
  const { context, access, room } = options
  const { feed, parts, limits, counts, log, running } = context
  let member: Member | undefined
  let isAlive = true
  let documents = 0
  const tell = (message: ServerMessage) => outlet.send(JSON.stringify(message))
  const welcome = (isMissing: boolean) => {
    const cursor = feed.sequence
    const message: ServerMessage = {
      ...{ type: 'welcome', version: context.version, epoch: feed.epoch, sequence: cursor },
      ...(isMissing && { snapshot: parts.runs.snapshot() }),
    }
    return { text: JSON.stringify(message), cursor }
  }
  const outlet = openOutlet({
    ...{ socket, feed, waiting: limits.waiting, snapshot: () => welcome(true) },
    onDropped: () => void counts.previewsDropped++,
  })
  const checks = createChecks(context, tell)
  const endFeed = feed.follow(outlet.wake)
  const late = setTimeout(() => {
    if (!member) socket.close(closing.noHello, 'hello expected first')
  }, options.helloWithin)
  late.unref()

  const greet = ({ client, token, epoch, since }: Of<'hello'>) => {
    if (!options.isKnown && !(access.needsToken && token && access.isToken(token))) {
      tell({ type: 'error', message: 'token: another one or none, that of this server expected' })
      socket.close(closing.wrongToken, 'wrong token')
      return
    }
    if (member) room.leaveAll(member)
    member = { client, tell }
    const isThere =
      epoch === feed.epoch &&
      since !== undefined &&
      since <= feed.sequence &&
      feed.after(since, 1) !== undefined
    const { text, cursor } = welcome(!isThere)
    outlet.begin(text, isThere ? since : cursor)
  }
  const act: {
    [Type in Exclude<ClientMessage['type'], 'hello' | 'ping'>]: (
      message: Of<Type>,
      member: Member,
    ) => unknown
  } = {
    check: (message) => checks.ask(message),
    'document-open': ({ name }, member) => {
      documents += 1
      if (documents > mostDocuments) {
        const message = `documents: ${documents} open, at most ${mostDocuments} expected`
        return tell({ type: 'error', message })
      }
      return room.open(name, member)
    },
    'document-close': ({ name }, member) => {
      documents = Math.max(0, documents - 1)
      room.leave(name, member)
    },
    'document-patch': (message, member) => room.patch(message, member),
    set: async ({ request, run, node, param, value }) => {
      try {
        const { applied } = await running.set(run, node, param, value)
        tell({ type: 'set-done', request, applied })
      } catch (thrown) {
        tell({ type: 'set-done', request, error: sentenceOf(thrown) })
      }
    },
  }
  const sentenceOf = (thrown: unknown) => {
    const { body, isBug } = refusalOf(thrown)
    if (isBug) log.error({ err: thrown }, 'message failed')
    return String(body.error)
  }
  const receive = async (data: RawData, isBinary: boolean) => {
    isAlive = true
    try {
      const message = read(data, isBinary)
      if (message.type === 'ping') return tell({ type: 'pong' })
      if (message.type === 'hello') return greet(message)
      if (!member) throw new Malformed(`message: ${message.type}, hello expected first`)
      const handler = act[message.type] as (message: ClientMessage, member: Member) => unknown
      await handler(message, member)
    } catch (thrown) {
      const message = thrown instanceof Malformed ? thrown.message : sentenceOf(thrown)
      tell({ type: 'error', message })
    }
  }
  socket.on('message', (data, isBinary) => void receive(data, isBinary))
  socket.on('pong', () => (isAlive = true))
  // A message that is too large or broken closes the socket; the editor connects again.
  socket.on('error', (error) => log.info({ reason: messageOf(error) }, 'socket error'))
  return {
    preview: outlet.preview,
    hardware: (message) => {
      if (member && outlet.isFree) tell(message)
    },
    beat() {
      if (!isAlive) return socket.terminate()
      isAlive = false
      socket.ping()
    },
    end() {
      clearTimeout(late)
      endFeed()
      checks.stop()
      if (member) room.leaveAll(member)
    },
  }
}

/** A message that is none; the connection stays. */
class Malformed extends Error {}

function read(data: RawData, isBinary: boolean): ClientMessage {
  if (isBinary) throw new Malformed('message: bytes, JSON text expected')
  let json: unknown
  try {
    json = JSON.parse(String(data))
  } catch {
    throw new Malformed('message: no JSON, JSON expected')
  }
  const result = clientMessage.safeParse(json)
  if (result.success) return result.data
  throw new Malformed(
    describeIssues('message', result.error, json)[0] ?? 'message: not as expected',
  )
}
