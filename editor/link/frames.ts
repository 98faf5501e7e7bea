/** Gathers what comes in and hands it on once per drawn frame. */
export interface Gathering<T> {
  add(item: T): void
  /** Hands on at once what is there. */
  flush(): void
}

/** Longest wait in ms: a hidden page draws no frames. */
const patience = 100

/** A gathering that calls `hand` with all items since the last time, in order. */
export function gatherPerFrame<T>(hand: (items: readonly T[]) => void): Gathering<T> {
  let items: T[] = []
  let stop: (() => void) | undefined
  const flush = () => {
    stop?.()
    stop = undefined
    const ready = items
    items = []
    if (ready.length > 0) hand(ready)
  }
  return {
    flush,
    add(item) {
      items.push(item)
      stop ??= afterFrame(flush)
    },
  }
}

/** Calls once, with the next frame or after a while where none comes. Gives what ends the wait. */
export function afterFrame(call: () => void): () => void {
  const draws = typeof requestAnimationFrame === 'function'
  const timer = setTimeout(call, draws ? patience : 16)
  const frame = draws ? requestAnimationFrame(() => call()) : undefined
  return () => {
    clearTimeout(timer)
    if (frame !== undefined) cancelAnimationFrame(frame)
  }
}
