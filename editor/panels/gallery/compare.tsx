import { useState } from 'react'
import { api, encodeName } from '../../link/api.ts'
import { Dialog, Segmented } from '../../shell/ui/index.ts'
import { panelWords } from '../../words/panels.ts'
import { useWords } from '../../words/words.ts'
import styles from '../panels.module.css'

/** Two pictures over each other with an edge that moves, or beside each other. */
export function Compare({
  names,
  onClose,
}: {
  readonly names: readonly [string, string]
  readonly onClose: () => void
}) {
  const say = useWords(panelWords)
  const [way, setWay] = useState<'slider' | 'side'>('slider')
  const [edge, setEdge] = useState(50)
  const [left, right] = names.map((name) =>
    api.address(`/api/library/output/file/${encodeName(name)}`),
  )
  return (
    <Dialog title={say('compare')} wide onClose={onClose}>
      <Segmented
        label={say('compare')}
        value={way}
        options={[
          { value: 'slider', label: say('slider') },
          { value: 'side', label: say('sideBySide') },
        ]}
        onChange={setWay}
      />
      {way === 'side' ? (
        <div className={styles.two}>
          <img src={left} alt={names[0]} />
          <img src={right} alt={names[1]} />
        </div>
      ) : (
        <>
          <div className={styles.compare}>
            <img src={right} alt={names[1]} />
            <img src={left} alt={names[0]} style={{ clipPath: `inset(0 ${100 - edge}% 0 0)` }} />
          </div>
          <input
            type="range"
            style={{ width: '100%' }}
            aria-label={say('position')}
            min={0}
            max={100}
            value={edge}
            onChange={({ target }) => setEdge(Number(target.value))}
          />
        </>
      )}
    </Dialog>
  )
}
