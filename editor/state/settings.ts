import { createStore } from 'zustand/vanilla'

/** What the person at the screen has chosen; kept in the browser. */
export interface Settings {
  readonly language: 'en' | 'ja'
  readonly theme: 'system' | 'light' | 'dark'
  /** Snaps dragged nodes to this grid in pixels; 0 does not. */
  readonly snap: number
  readonly minimap: boolean
  /** Plain drag on the canvas: moves it or draws a selection box. */
  readonly drag: 'pan' | 'select'
  readonly links: 'curved' | 'straight' | 'hidden'
  /** A change of a live param samples again. */
  readonly live: boolean
  readonly liveSteps: number
}

const key = 'mazeru.settings'

const first: Settings = {
  language: globalThis.navigator?.language?.startsWith('ja') ? 'ja' : 'en',
  theme: 'system',
  snap: 0,
  minimap: true,
  drag: 'pan',
  links: 'curved',
  live: false,
  liveSteps: 6,
}

/** The settings; `setState` keeps them. */
export const settings = createStore<Settings>(() => ({ ...first, ...kept() }))

settings.subscribe((state) => globalThis.localStorage?.setItem(key, JSON.stringify(state)))

function kept(): Partial<Settings> {
  try {
    return JSON.parse(globalThis.localStorage?.getItem(key) ?? '{}')
  } catch {
    return {}
  }
}
