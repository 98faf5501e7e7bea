import { loadCatalogue, setServer } from '../link/api.ts'
import { link } from '../link/client.ts'
import { openJournalStore } from '../state/journal-idb.ts'
import { preferences } from '../state/preferences.ts'
import { startWatching } from '../state/run-commands.ts'
import { takeSession } from '../state/session.ts'
import { settings } from '../state/settings.ts'
import { keepShownRuns } from '../state/shown-runs.ts'
import { connection, notify, surface } from '../state/stores.ts'
import { restoreTabs } from '../state/tabs.ts'
import { announceRuns } from './announce.ts'
import { acceptDrops } from './drop.ts'
import { bindShortcuts } from './shortcuts.ts'

const narrow = 640

/** Starts all that lives outside of components: the line to the server, tabs, keys, the theme. */
export function begin(): void {
  dress()
  settings.subscribe(dress)
  preferences.subscribe(dress)
  const { panel } = preferences.getState()
  if (panel && window.innerWidth > narrow) surface.setState({ panel })
  surface.subscribe((state, former) => {
    if (state.panel !== former.panel) preferences.setState({ panel: state.panel })
  })
  bindShortcuts()
  acceptDrops()
  announceRuns()
  void start()
}

/** The token stands behind `#token=`, which no server and no log sees. */
function takeToken(): string | undefined {
  const given = new URLSearchParams(location.hash.slice(1)).get('token')
  if (given) {
    sessionStorage.setItem('mazeru.token', given)
    history.replaceState(null, '', location.pathname + location.search)
  }
  return sessionStorage.getItem('mazeru.token') ?? undefined
}

async function start(): Promise<void> {
  const token = takeToken()
  setServer('', token)
  const session = await takeSession()
  link.connect({ address: location.origin, client: session.id, ...(token && { token }) })
  startWatching()
  keepShownRuns()
  await restoreTabs(await openJournalStore(), session)
  await fetchCatalogue()
  connection.subscribe((state, former) => {
    if (state.state === 'open' && former.state !== 'open') void fetchCatalogue()
  })
}

async function fetchCatalogue(): Promise<void> {
  try {
    await loadCatalogue()
  } catch (error) {
    if (connection.getState().state === 'open') notify((error as Error).message, 'bad')
  }
}

function dress(): void {
  const { documentElement: root } = document
  const { language, theme } = settings.getState()
  root.lang = language
  if (theme === 'system') delete root.dataset.theme
  else root.dataset.theme = theme
  root.dataset.motion = preferences.getState().motion
}
