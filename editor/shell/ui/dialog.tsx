import { X } from 'lucide-react'
import { type ReactNode, useEffect, useId, useRef } from 'react'
import { shellWords } from '../../words/shell.ts'
import { useWords } from '../../words/words.ts'
import { IconButton } from './button.tsx'
import styles from './ui.module.css'

/** A modal dialog, open as long as it is mounted. Escape and the cross call `onClose`. */
export function Dialog({
  title,
  wide = false,
  foot,
  onClose,
  children,
}: {
  readonly title: string
  readonly wide?: boolean
  readonly foot?: ReactNode
  readonly onClose: () => void
  readonly children: ReactNode
}) {
  const dialog = useRef<HTMLDialogElement>(null)
  const heading = useId()
  const say = useWords(shellWords)
  useEffect(() => {
    if (!dialog.current?.open) dialog.current?.showModal()
  }, [])
  return (
    <dialog
      ref={dialog}
      className={`${styles.dialog} ${wide ? styles.wide : ''}`}
      aria-labelledby={heading}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
    >
      <header className={styles.dialogHead}>
        <h2 id={heading}>{title}</h2>
        <IconButton label={say('close')} onClick={onClose}>
          <X size={16} />
        </IconButton>
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls takes the keyboard */}
      <section className={styles.dialogBody} aria-labelledby={heading} tabIndex={0}>
        {children}
      </section>
      {foot && <footer className={styles.dialogFoot}>{foot}</footer>}
    </dialog>
  )
}
