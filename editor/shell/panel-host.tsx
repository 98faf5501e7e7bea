import { X } from 'lucide-react'
import { type ComponentType, lazy, Suspense } from 'react'
import { panels } from '../panels/index.ts'
import { preferences } from '../state/preferences.ts'
import { surface } from '../state/stores.ts'
import { actionWords } from '../words/actions.ts'
import { shellWords } from '../words/shell.ts'
import { useWords } from '../words/words.ts'
import styles from './app.module.css'
import { Fence } from './fence.tsx'
import { IconButton } from './ui/index.ts'

const parts: ReadonlyMap<string, ComponentType> = new Map(
  panels.map(({ name, load }) => [
    name,
    lazy(async () => {
      const { Panel } = await load()
      return { default: Panel }
    }),
  ]),
)

/** The open side panel with its heading. */
export function PanelHost({
  name,
  width,
}: {
  readonly name: string
  readonly width: number | undefined
}) {
  const say = useWords(shellWords)
  const word = useWords(actionWords)
  const Part = parts.get(name)
  const title = word(panels.find((panel) => panel.name === name)?.title ?? 'canvas')
  const close = () => {
    surface.setState({ panel: undefined })
    preferences.setState({ face: 'canvas' })
  }
  return (
    <aside className={styles.panel} style={{ width }} aria-label={title}>
      <header className={styles.panelHead}>
        <h2>{title}</h2>
        <IconButton label={say('close')} onClick={close}>
          <X size={16} />
        </IconButton>
      </header>
      <Fence key={name}>
        <Suspense fallback={<p className={styles.wait}>{say('loading')}</p>}>
          {Part && <Part />}
        </Suspense>
      </Fence>
    </aside>
  )
}
