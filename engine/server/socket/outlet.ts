import type { WebSocket } from 'ws'
import type { Feed } from './feed.ts'
import type { PackedPreview } from './previews.ts'

/** What an editor is sent, at the pace at which it takes it. */
export interface Outlet {
  /** An answer to what it asked, at once. */
  send(text: string): void
  /** Sends this first, and then all events after `cursor`. */
  begin(text: string, cursor: number): void
  /** There may be new events. */
  wake(): void
  /** Sent now, or once there is room; a newer one of the same picture takes its place. */
  preview(frame: PackedPreview): void
  /** True while it takes what is sent. */
  readonly isFree: boolean
}

interface OutletOptions {
  readonly socket: WebSocket
  readonly feed: Feed
  /** Bytes that may wait before nothing more is written. */
  readonly waiting: number
  /** The message that takes the place of events which are gone, and where to go on. */
  readonly snapshot: () => { text: string; cursor: number }
  readonly onDropped: () => void
}

/** Events written between two looks at how much waits. */
const portion = 50

/** Pictures that may wait for room, of different nodes or places in a batch. */
const mostPreviews = 16

/**
 * Nothing but previews is ever dropped: events stay in the journal until the editor has taken those
 * before, and where the journal no longer reaches back, it gets a snapshot.
 */
export function openOutlet(options: OutletOptions): Outlet {
  const { socket, feed, waiting, snapshot, onDropped } = options
  let cursor: number | undefined
  let isWaiting = false
  const previews = new Map<string, PackedPreview>()
  const isFree = () => socket.bufferedAmount <= waiting
  /** The last thing written calls back when the system has taken it. */
  const written = () => {
    if (isWaiting && socket.bufferedAmount <= waiting / 2) {
      isWaiting = false
      pump()
    }
  }
  const write = (data: string | Uint8Array) => {
    if (socket.readyState === socket.OPEN) socket.send(data, written)
  }
  const pump = () => {
    if (cursor === undefined || isWaiting || socket.readyState !== socket.OPEN) return
    for (;;) {
      if (!isFree()) {
        isWaiting = true
        return
      }
      const events = feed.after(cursor, portion)
      if (!events) {
        const anew = snapshot()
        cursor = anew.cursor
        write(anew.text)
        continue
      }
      if (events.length === 0) break
      for (const { text } of events) write(text)
      cursor = events.at(-1)!.sequence
    }
    for (const [key, { bytes }] of previews) {
      if (!isFree()) {
        isWaiting = true
        return
      }
      previews.delete(key)
      write(bytes)
    }
  }
  return {
    send: write,
    begin(text, from) {
      write(text)
      cursor = from
      pump()
    },
    wake: pump,
    preview(frame) {
      if (cursor === undefined) return
      if (previews.delete(frame.key)) onDropped()
      previews.set(frame.key, frame)
      if (previews.size > mostPreviews) {
        const [oldest] = previews.keys()
        previews.delete(oldest!)
        onDropped()
      }
      pump()
    },
    get isFree() {
      return !isWaiting && isFree()
    },
  }
}
