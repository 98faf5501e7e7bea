import { FileText, Images, ListTree, Workflow } from 'lucide-react'
import { preferences } from '../state/preferences.ts'
import { surface } from '../state/stores.ts'
import { actionWords } from '../words/actions.ts'
import { shellWords } from '../words/shell.ts'
import { useWords } from '../words/words.ts'
import styles from './app.module.css'

const faces = [
  { name: 'canvas', word: 'canvas', icon: Workflow },
  { name: 'form', word: 'panelForm', icon: FileText },
  { name: 'outline', word: 'panelOutline', icon: ListTree },
  { name: 'gallery', word: 'panelGallery', icon: Images },
] as const

/** What a phone shows: the canvas, the form, the outline or the pictures. */
export function BottomBar({ shown }: { readonly shown: string | undefined }) {
  const say = useWords(shellWords)
  const word = useWords(actionWords)
  const show = (name: (typeof faces)[number]['name']) => {
    surface.setState({ panel: name === 'gallery' ? name : undefined })
    if (name !== 'gallery') preferences.setState({ face: name })
  }
  return (
    <nav className={styles.bottom} aria-label={say('face')}>
      {faces.map(({ name, word: key, icon: Icon }) => (
        <button
          key={name}
          type="button"
          aria-current={(shown ?? 'canvas') === name ? 'page' : undefined}
          onClick={() => show(name)}
        >
          <Icon size={20} />
          <span>{word(key)}</span>
        </button>
      ))}
    </nav>
  )
}
