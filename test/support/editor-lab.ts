import type { Browser } from 'playwright-core'
import { afterAll, beforeAll } from 'vitest'
import {
  type Desk,
  keptDesk,
  removeDesk,
  type ServerProcess,
  startServer,
} from '../server/e2e/support.ts'
import { openBrowser } from './editor-page.ts'

/** What the browser tests of a file share. */
export interface EditorLab {
  desk: Desk
  /** May be replaced by one that was started anew. */
  server: ServerProcess
  browser: Browser
}

/** Starts a server with these workflows and a browser for the tests of a file; ends both after. */
export function editorLab(workflows: Record<string, object> = {}): EditorLab {
  const lab = {} as EditorLab
  beforeAll(async () => {
    lab.desk = keptDesk(workflows)
    lab.server = await startServer(lab.desk)
    lab.browser = await openBrowser()
  })
  afterAll(async () => {
    await lab.browser?.close()
    await lab.server?.kill()
    removeDesk(lab.desk)
  })
  return lab
}
