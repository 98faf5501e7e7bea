import { surface, tabs } from '../../state/stores.ts'
import { activate, closeTab } from '../../state/tabs.ts'
import { dialogWords } from '../../words/dialogs.ts'
import { shellWords } from '../../words/shell.ts'
import { useWords } from '../../words/words.ts'
import { Button, Dialog } from '../ui/index.ts'
import { nameOf } from '../use-document.ts'
import type { DialogProps } from './index.tsx'

/** Asks before a tab is closed whose edits the server does not have. */
export function CloseDialog({ about, onClose }: DialogProps) {
  const say = useWords(dialogWords)
  const shell = useWords(shellWords)
  const found = tabs.getState().open.find(({ id }) => id === about)
  if (!found) return null
  const name = nameOf(found) ?? shell('untitled')
  const foot = (
    <>
      <Button onClick={onClose}>{shell('cancel')}</Button>
      <Button
        tone="bad"
        onClick={() => {
          void closeTab(found.id)
          onClose()
        }}
      >
        {say('closeAnyway')}
      </Button>
      <Button
        tone="main"
        onClick={() => {
          activate(found.id)
          surface.setState({ dialog: { name: 'save' } })
        }}
      >
        {shell('save')}
      </Button>
    </>
  )
  return (
    <Dialog title={say('closeTitle', { name })} onClose={onClose} foot={foot}>
      <p>{say('closeText')}</p>
    </Dialog>
  )
}
