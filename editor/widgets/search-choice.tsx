import { useState } from 'react'
import { widgetWords } from '../words/widgets.ts'
import { useWords } from '../words/words.ts'
import styles from './drawn.module.css'
import { choicesOf, defaultOf } from './kinds.ts'
import { Modal } from './modal.tsx'
import type { WidgetProps } from './props.ts'
import widgets from './widgets.module.css'

/** A choice among many: a button that opens a list to search in. */
export function SearchChoiceWidget({ name, info, value, onChange }: WidgetProps) {
  const say = useWords(widgetWords)
  const [open, setOpen] = useState(false)
  const [text, setText] = useState('')
  const now = value ?? defaultOf(info)
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  const found = choicesOf(info.schema).filter((choice) =>
    words.every((word) => String(choice).toLowerCase().includes(word)),
  )
  const choose = (choice: string | number) => {
    onChange(choice, 'done')
    setOpen(false)
    setText('')
  }
  return (
    <>
      <button
        type="button"
        className={widgets.field}
        aria-haspopup="dialog"
        aria-label={`${name}: ${now ?? say('none')}`}
        style={{ textAlign: 'left', cursor: 'pointer' }}
        onClick={() => setOpen(true)}
      >
        {now === undefined ? say('none') : String(now)}
      </button>
      {open && (
        <Modal label={name} onClose={() => setOpen(false)}>
          <input
            type="search"
            // biome-ignore lint/a11y/noAutofocus: the dialog was opened in order to search
            autoFocus
            className={widgets.field}
            style={{ flex: 'none' }}
            aria-label={say('search')}
            placeholder={say('search')}
            value={text}
            onChange={(event) => setText(event.target.value)}
            onKeyDown={(event) => {
              const [first] = found
              const composing = event.nativeEvent.isComposing
              if (event.key === 'Enter' && !composing && first !== undefined) choose(first)
            }}
          />
          <ul className={styles.found}>
            {found.map((choice) => (
              <li key={choice}>
                <button
                  type="button"
                  className={styles.entry}
                  aria-pressed={choice === now}
                  onClick={() => choose(choice)}
                >
                  {choice}
                </button>
              </li>
            ))}
          </ul>
          {found.length === 0 && <p>{say('nothingFound')}</p>}
        </Modal>
      )}
    </>
  )
}
