import { createStore } from 'zustand/vanilla'

/** What the shell remembers in the browser beside the settings. */
export interface Preferences {
  /** Stands still whatever the system says. */
  readonly motion: 'system' | 'none'
  readonly panelWidth: number
  /** What a phone shows. */
  readonly face: 'canvas' | 'form' | 'outline'
  /** Node types last added, newest first. */
  readonly recent: readonly string[]
  readonly panel: string | undefined
}

const key = 'mazeru.shell'

const first: Preferences = {
  motion: 'system',
  panelWidth: 320,
  face: 'canvas',
  recent: [],
  panel: undefined,
}

/** The preferences; `setState` keeps them. */
export const preferences = createStore<Preferences>(() => ({ ...first, ...kept() }))

preferences.subscribe((state) => globalThis.localStorage?.setItem(key, JSON.stringify(state)))

/** Puts a node type in front of those last used. */
export function noteUsed(type: string): void {
  preferences.setState(({ recent }) => ({
    recent: [type, ...recent.filter((other) => other !== type)].slice(0, 12),
  }))
}

function kept(): Partial<Preferences> {
  try {
    return JSON.parse(globalThis.localStorage?.getItem(key) ?? '{}')
  } catch {
    return {}
  }
}
