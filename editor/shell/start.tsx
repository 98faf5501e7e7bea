import { FolderOpen, Plus } from 'lucide-react'
import { useState } from 'react'
import { Templates } from '../panels/templates/index.tsx'
import { newTab } from '../state/tabs.ts'
import { shellWords } from '../words/shell.ts'
import { useWords } from '../words/words.ts'
import styles from './app.module.css'
import { openDialog } from './deeds.ts'
import { Button } from './ui/index.ts'

/** What an empty editor offers. With `hint` it lies over an empty canvas. */
export function StartScreen({ hint = false }: { readonly hint?: boolean }) {
  const say = useWords(shellWords)
  const [blank, setBlank] = useState(false)
  if (blank) return null
  return (
    <div className={styles.start}>
      <h2>{say('startTitle')}</h2>
      <div className={styles.startButtons}>
        <Button icon={<Plus size={16} />} onClick={() => (hint ? setBlank(true) : newTab())}>
          {say('startBlank')}
        </Button>
        <Button icon={<FolderOpen size={16} />} onClick={() => openDialog('open')}>
          {say('startOpen')}
        </Button>
      </div>
      <div className={styles.startGallery}>
        <Templates />
      </div>
      <p className={styles.startHint}>{say('dropPicture')}</p>
    </div>
  )
}
