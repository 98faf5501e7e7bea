/**
 * Which browser tab this is. The name is in sessionStorage, which a duplicated tab copies: so a
 * lock that lives as long as the tab says whose it is.
 */

/** The session of this tab, and of documents that nobody holds any more. */
export interface Session {
  readonly id: string
  /** True while a tab with that session lives. */
  alive(id: string): Promise<boolean>
  /** Runs alone among all tabs. */
  alone<T>(task: () => Promise<T>): Promise<T>
}

const key = 'mazeru.session'
const lockOf = (id: string) => `mazeru.session.${id}`

/** Takes the session of this tab, a new one where another tab has it. */
export async function takeSession(): Promise<Session> {
  const former = globalThis.sessionStorage?.getItem(key) ?? undefined
  let id = former ?? crypto.randomUUID()
  if (!(await hold(lockOf(id)))) {
    id = crypto.randomUUID()
    await hold(lockOf(id))
  }
  globalThis.sessionStorage?.setItem(key, id)
  return {
    id,
    async alive(other) {
      const held = (await globalThis.navigator?.locks?.query())?.held ?? []
      return held.some(({ name }) => name === lockOf(other))
    },
    alone: async (task) => {
      const locks = globalThis.navigator?.locks
      return locks ? await locks.request('mazeru.adopt', task) : await task()
    },
  }
}

/** Takes a lock for the life of the tab; false where another has it. */
function hold(name: string): Promise<boolean> {
  const locks = globalThis.navigator?.locks
  if (!locks) return Promise.resolve(true)
  return new Promise((resolve) => {
    void locks.request(name, { ifAvailable: true }, (lock) => {
      resolve(lock !== null)
      return lock ? new Promise<never>(() => undefined) : undefined
    })
  })
}
