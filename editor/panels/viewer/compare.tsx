import { useState } from 'react'
import { Segmented } from '../../shell/ui/index.ts'
import { panelWords } from '../../words/panels.ts'
import { useWords } from '../../words/words.ts'
import styles from '../panels.module.css'
import type { ViewedPicture } from './open.ts'

/** Two pictures over each other with an edge that moves, or beside each other. */
export function Compare({
  left,
  right,
}: {
  readonly left: ViewedPicture
  readonly right: ViewedPicture
}) {
  const say = useWords(panelWords)
  const [way, setWay] = useState<'slider' | 'side'>('slider')
  const [edge, setEdge] = useState(50)
  return (
    <div>
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
          <img src={left.address} alt={left.name} />
          <img src={right.address} alt={right.name} />
        </div>
      ) : (
        <>
          <div className={styles.compare}>
            <img src={right.address} alt={right.name} />
            <img
              src={left.address}
              alt={left.name}
              style={{ clipPath: `inset(0 ${100 - edge}% 0 0)` }}
            />
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
    </div>
  )
}
