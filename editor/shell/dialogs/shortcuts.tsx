import { actionWords } from '../../words/actions.ts'
import { shellWords } from '../../words/shell.ts'
import { useWords } from '../../words/words.ts'
import { actions } from '../actions.ts'
import { printKeys } from '../shortcuts.ts'
import { Dialog } from '../ui/index.ts'
import styles from './dialogs.module.css'
import type { DialogProps } from './index.tsx'

const groups = ['File', 'Edit', 'Run', 'View', 'Panel'] as const

/** Every key of the table of actions. */
export function ShortcutsDialog({ onClose }: DialogProps) {
  const say = useWords(shellWords)
  const word = useWords(actionWords)
  return (
    <Dialog title={say('shortcuts')} wide onClose={onClose}>
      <div className={styles.sheet}>
        {groups.map((group) => (
          <section key={group}>
            <h3>{word(`group${group}`)}</h3>
            <dl>
              {actions
                .filter((action) => action.group === group && action.keys)
                .map(({ name, word: key, keys }) => (
                  <div key={name}>
                    <dt>{word(key)}</dt>
                    <dd>
                      <kbd>{printKeys(keys?.[0] ?? '')}</kbd>
                    </dd>
                  </div>
                ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  )
}
