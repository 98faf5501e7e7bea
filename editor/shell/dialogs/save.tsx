import { type FormEvent, useState } from 'react'
import { saveActive } from '../../state/tabs.ts'
import { shellWords } from '../../words/shell.ts'
import { useWords } from '../../words/words.ts'
import { Button, Dialog, Field } from '../ui/index.ts'
import { nameOf, useActive } from '../use-document.ts'
import type { DialogProps } from './index.tsx'

/** Asks for the name that a workflow is saved under. */
export function SaveDialog({ onClose }: DialogProps) {
  const say = useWords(shellWords)
  const document = useActive()
  const [name, setName] = useState((document && nameOf(document)) ?? '')
  const [fault, setFault] = useState('')
  async function save(event: FormEvent) {
    event.preventDefault()
    try {
      await saveActive(name.trim())
      onClose()
    } catch (error) {
      setFault((error as Error).message)
    }
  }
  return (
    <Dialog title={say('saveAs')} onClose={onClose}>
      <form onSubmit={save} style={{ display: 'grid', gap: 12 }}>
        <Field label={say('name')} hint={say('nameHint')}>
          {(ids) => (
            <input
              {...ids}
              autoFocus
              required
              value={name}
              onChange={({ target }) => setName(target.value)}
            />
          )}
        </Field>
        <p role="alert" style={{ color: 'var(--bad)' }}>
          {fault}
        </p>
        <Button tone="main" onClick={save} disabled={name.trim() === ''}>
          {say('save')}
        </Button>
      </form>
    </Dialog>
  )
}
