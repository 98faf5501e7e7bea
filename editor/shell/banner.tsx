import { useStore } from 'zustand'
import { tabs } from '../state/stores.ts'
import { closeTab, resolveConflict } from '../state/tabs.ts'
import { shellWords } from '../words/shell.ts'
import { subgraphWords } from '../words/subgraphs.ts'
import { useWords } from '../words/words.ts'
import styles from './banner.module.css'
import { Button } from './ui/index.ts'
import { nameOf } from './use-document.ts'

/** What stands between the document in front and its copy on the server, and the ways out. */
export function Banner() {
  const say = useWords(subgraphWords)
  const shell = useWords(shellWords)
  const { open, active } = useStore(tabs)
  const document = open.find(({ id }) => id === active)
  if (document?.saved !== 'conflict') return null
  const name = nameOf(document) ?? shell('untitled')
  const { id } = document
  return (
    <div className={styles.banner} role="alert">
      <span>{say('conflict', { name })}</span>
      <Button small tone="main" onClick={() => resolveConflict(id, 'copy')}>
        {say('keepMine')}
      </Button>
      <Button small onClick={() => resolveConflict(id, 'drop')}>
        {say('takeServer')}
      </Button>
      <Button small tone="quiet" onClick={() => void closeTab(id)}>
        {say('closeIt')}
      </Button>
    </div>
  )
}
