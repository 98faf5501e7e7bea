import { useStore } from 'zustand'
import { panels } from '../panels/index.ts'
import { problems, surface } from '../state/stores.ts'
import { actionWords } from '../words/actions.ts'
import { shellWords } from '../words/shell.ts'
import { useWords } from '../words/words.ts'
import styles from './app.module.css'
import { IconButton } from './ui/index.ts'

/** The icons that open side panels. */
export function Rail() {
  const say = useWords(shellWords)
  const word = useWords(actionWords)
  const open = useStore(surface, ({ panel }) => panel)
  const count = useStore(problems, (state) => state.problems.length)
  return (
    <nav className={styles.rail} aria-label={say('panels')}>
      {panels.map(({ name, icon: Icon, title }) => (
        <span key={name} className={styles.railItem}>
          <IconButton
            label={word(title)}
            pressed={open === name}
            onClick={() => surface.setState({ panel: open === name ? undefined : name })}
          >
            <Icon size={19} />
          </IconButton>
          {name === 'problems' && count > 0 && (
            <span className={styles.dot} aria-hidden>
              {count > 99 ? '99+' : count}
            </span>
          )}
        </span>
      ))}
    </nav>
  )
}
