import { useState } from 'react'
import { useStore } from 'zustand'
import { told } from '../../shell/deeds.ts'
import { Button } from '../../shell/ui/index.ts'
import { useActive, useWorkflow } from '../../shell/use-document.ts'
import { catalogue, notify } from '../../state/stores.ts'
import { pictureWords } from '../../words/pictures.ts'
import { useWords } from '../../words/words.ts'
import styles from '../panels.module.css'
import { AxisField, type TypedAxis } from './axis-field.tsx'
import { placesOf } from './places.ts'
import { type Axis, makeTable, table } from './store.ts'
import { TableView } from './table-view.tsx'
import { parseValues } from './values.ts'

const none: TypedAxis = { place: '', text: '' }
const most = 400

/** A table of pictures: every pair of two params' values is one run. */
export function Panel() {
  const say = useWords(pictureWords)
  const document = useActive()
  const workflow = useWorkflow()
  const infos = useStore(catalogue, ({ nodes }) => nodes)
  const shown = useStore(table)
  const [across, setAcross] = useState(none)
  const [down, setDown] = useState(none)
  const places = workflow ? placesOf(workflow, infos) : new Map()
  const axisOf = ({ place, text }: TypedAxis): Axis | string | undefined => {
    if (!place) return undefined
    try {
      return { place, values: parseValues(text, places.get(place) ?? 'text') }
    } catch (error) {
      return say('badValue', { text: (error as Error).message, place })
    }
  }
  const [x, y] = [axisOf(across), axisOf(down)]
  const fault = [x, y].find((axis) => typeof axis === 'string')
  const length = (axis: Axis | string | undefined) =>
    axis === undefined || typeof axis === 'string' ? 1 : axis.values.length
  const count = x === undefined ? 0 : length(x) * length(y)
  const begin = () => {
    if (!document || x === undefined || typeof x === 'string' || typeof y === 'string') return
    if (count > most) return notify(say('tooMany', { count }), 'bad')
    void told(() => makeTable(document, x, y))
  }
  return (
    <div className={styles.body}>
      <p className={styles.quiet}>{say('gridHint')}</p>
      <AxisField
        label={say('horizontal')}
        axis={across}
        places={[...places.keys()]}
        onChange={setAcross}
      />
      <AxisField
        label={say('vertical')}
        axis={down}
        places={[...places.keys()].filter((place) => place !== across.place)}
        onChange={setDown}
      />
      {fault && <p className={styles.bad}>{fault}</p>}
      <Button tone="main" disabled={!document || count === 0 || !!fault} onClick={begin}>
        {say('make', { count })}
      </Button>
      {shown.across && <TableView {...shown} across={shown.across} />}
    </div>
  )
}
