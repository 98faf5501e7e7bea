import { dialogWords } from '../../words/dialogs.ts'
import { useWords } from '../../words/words.ts'
import { Button, Dialog } from '../ui/index.ts'
import styles from './dialogs.module.css'
import type { DialogProps } from './index.tsx'

/** What the canvas hands over when a wire does not fit but a node between would make it. */
interface Offer {
  readonly reason: string
  readonly choices: readonly { readonly label: string; readonly run: () => void }[]
}

/** Says why a wire does not fit, and offers the nodes that convert. */
export function ConverterDialog({ about, onClose }: DialogProps) {
  const say = useWords(dialogWords)
  const { reason, choices } = about as Offer
  return (
    <Dialog title={say('converterTitle')} onClose={onClose}>
      <p>{reason}</p>
      <div className={styles.stack}>
        {choices.map(({ label, run }) => (
          <Button
            key={label}
            tone="main"
            onClick={() => {
              onClose()
              run()
            }}
          >
            {label}
          </Button>
        ))}
        <Button onClick={onClose}>{say('leaveUnlinked')}</Button>
      </div>
    </Dialog>
  )
}
