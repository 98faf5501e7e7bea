import { createStore } from 'zustand/vanilla'

/** Where the server is; an empty address is the page's own origin. */
export const server = createStore<{
  readonly address: string
  readonly token: string | undefined
}>(() => ({ address: '', token: undefined }))
