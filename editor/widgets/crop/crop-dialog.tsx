import { useState } from 'react'
import { widgetWords } from '../../words/widgets.ts'
import { useWords } from '../../words/words.ts'
import { Modal } from '../modal.tsx'
import widgets from '../widgets.module.css'
import styles from './crop.module.css'
import { CropBox } from './crop-box.tsx'
import type { Region } from './region.ts'

/** The crop rectangle in a dialog; nothing changes until it is applied. */
export function CropDialog(props: {
  readonly picture: string
  readonly region: Region
  readonly onApply: (region: Region) => void
  readonly onClose: () => void
}) {
  const { picture, onApply, onClose } = props
  const say = useWords(widgetWords)
  const [region, setRegion] = useState(props.region)
  return (
    <Modal label={say('cropTitle')} wide onClose={onClose}>
      <div className={styles.bar}>
        <button
          type="button"
          className={widgets.button}
          onClick={() => {
            onApply(region)
            onClose()
          }}
        >
          {say('apply')}
        </button>
        <button type="button" className={widgets.button} onClick={onClose}>
          {say('close')}
        </button>
      </div>
      <div className={styles.area}>
        <CropBox picture={picture} region={region} onChange={setRegion} />
      </div>
    </Modal>
  )
}
