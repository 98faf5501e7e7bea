/** Runs work of one name after the other; of different names side by side. */
export interface Lanes {
  run<T>(name: string, work: () => Promise<T>): Promise<T>
  /** Once all work that was given so far has ended. */
  idle(): Promise<void>
}

/** Makes lanes; a name costs nothing once its work is done. */
export function createLanes(): Lanes {
  const tails = new Map<string, Promise<unknown>>()
  return {
    run(name, work) {
      const former = tails.get(name) ?? Promise.resolve()
      const result = former.then(work, work)
      const tail = result.then(
        () => forget(),
        () => forget(),
      )
      const forget = () => {
        if (tails.get(name) === tail) tails.delete(name)
      }
      tails.set(name, tail)
      return result
    },
    async idle() {
      while (tails.size > 0) await Promise.allSettled(tails.values())
    },
  }
}
