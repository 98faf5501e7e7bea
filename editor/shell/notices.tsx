import { X } from 'lucide-react'
import { useEffect } from 'react'
import { useStore } from 'zustand'
import { surface } from '../state/stores.ts'
import { shellWords } from '../words/shell.ts'
import { useWords } from '../words/words.ts'
import styles from './app.module.css'
import { IconButton } from './ui/index.ts'

const stay = { plain: 6000, good: 5000, bad: 15_000 }

/** What just happened: shown for a while and read out. */
export function Notices() {
  const say = useWords(shellWords)
  const notices = useStore(surface, (state) => state.notices)
  return (
    <section className={styles.notices} aria-live="polite" aria-label={say('notices')}>
      {notices.map((notice) => (
        <Notice key={notice.id} {...notice} dismiss={say('dismiss')} />
      ))}
    </section>
  )
}

function Notice(props: {
  readonly id: number
  readonly text: string
  readonly tone: 'plain' | 'good' | 'bad'
  readonly dismiss: string
}) {
  const { id, text, tone, dismiss } = props
  useEffect(() => {
    const timer = setTimeout(() => drop(id), stay[tone])
    return () => clearTimeout(timer)
  }, [id, tone])
  return (
    <div className={styles.notice} data-tone={tone}>
      <p>{text}</p>
      <IconButton label={dismiss} onClick={() => drop(id)}>
        <X size={14} />
      </IconButton>
    </div>
  )
}

function drop(id: number): void {
  surface.setState(({ notices }) => ({ notices: notices.filter((notice) => notice.id !== id) }))
}
