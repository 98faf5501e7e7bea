/** Who wants to be told of something. A listener that ends or begins meanwhile is no matter. */
export interface Listeners<T> {
  tell(what: T): void
  /** Gives the function that ends it. */
  follow(listener: (what: T) => void): () => void
}

/** An empty list of listeners. */
export function createListeners<T>(): Listeners<T> {
  const listeners = new Set<(what: T) => void>()
  return {
    tell(what) {
      for (const listener of [...listeners]) listener(what)
    },
    follow(listener) {
      const own = (what: T) => listener(what)
      listeners.add(own)
      return () => void listeners.delete(own)
    },
  }
}
