import { lazy, Suspense, useEffect, useState } from 'react'
import { useStore } from 'zustand'
import { panels } from '../panels/index.ts'
import { preferences } from '../state/preferences.ts'
import { surface } from '../state/stores.ts'
import { shellWords } from '../words/shell.ts'
import { useWords } from '../words/words.ts'
import styles from './app.module.css'
import { Banner } from './banner.tsx'
import { BottomBar } from './bottom-bar.tsx'
import { Breadcrumbs } from './breadcrumbs.tsx'
import { Dialogs } from './dialogs/index.tsx'
import { Fence } from './fence.tsx'
import { Header } from './header.tsx'
import { Notices } from './notices.tsx'
import { PanelHost } from './panel-host.tsx'
import { Rail } from './rail.tsx'
import { StatusBar } from './status-bar.tsx'
import { Splitter } from './ui/index.ts'
import { useActive } from './use-document.ts'

const MenuCanvas = lazy(async () => {
  const { MenuCanvas } = await import('./canvas-menu.tsx')
  return { default: MenuCanvas }
})
const StartScreen = lazy(async () => ({ default: (await import('./start.tsx')).StartScreen }))

/** The whole editor. */
export function App() {
  const say = useWords(shellWords)
  const panel = useStore(surface, (state) => state.panel)
  const width = useStore(preferences, ({ panelWidth }) => panelWidth)
  const face = useStore(preferences, (state) => state.face)
  const phone = useNarrow()
  const shown = panel ?? (phone && face !== 'canvas' ? face : undefined)
  return (
    <div className={styles.app} data-phone={phone}>
      <a className={styles.skip} href="#canvas">
        {say('skip')}
      </a>
      <Header phone={phone} />
      <div className={styles.middle}>
        {!phone && <Rail />}
        {shown && panels.some(({ name }) => name === shown) && (
          <>
            <PanelHost name={shown} width={phone ? undefined : width} />
            {!phone && (
              <nav className={styles.edge} aria-label={say('panelWidth')}>
                <Splitter
                  label={say('panelWidth')}
                  width={width}
                  min={240}
                  max={720}
                  onChange={(panelWidth) => preferences.setState({ panelWidth })}
                />
              </nav>
            )}
          </>
        )}
        <main id="canvas" className={styles.canvas} aria-label={say('canvas')} tabIndex={-1}>
          <Fence>
            <Suspense fallback={<p className={styles.wait}>{say('loading')}</p>}>
              <Canvas />
            </Suspense>
          </Fence>
        </main>
      </div>
      {phone ? <BottomBar shown={shown} /> : <StatusBar />}
      <Dialogs />
      <Notices />
    </div>
  )
}

function Canvas() {
  const document = useActive()
  const [begun, setBegun] = useState(false)
  const empty = document && Object.keys(document.workflow.nodes).length === 0
  useEffect(() => document?.follow(() => setBegun((now) => !now)), [document])
  if (!document) return <StartScreen />
  return (
    <>
      <MenuCanvas key={document.id} />
      <Breadcrumbs />
      <Banner />
      {empty && document.name === undefined && <StartScreen hint key={String(begun)} />}
    </>
  )
}

const narrow = '(max-width: 640px)'

/** Whether the window is as narrow as a phone. */
function useNarrow(): boolean {
  const [phone, setPhone] = useState(() => matchMedia(narrow).matches)
  useEffect(() => {
    const query = matchMedia(narrow)
    const change = () => setPhone(query.matches)
    query.addEventListener('change', change)
    return () => query.removeEventListener('change', change)
  }, [])
  return phone
}
