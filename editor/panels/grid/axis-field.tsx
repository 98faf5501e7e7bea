import { Field } from '../../shell/ui/index.ts'
import { pictureWords } from '../../words/pictures.ts'
import { useWords } from '../../words/words.ts'
import styles from '../panels.module.css'

/** An axis as it is typed. */
export interface TypedAxis {
  readonly place: string
  readonly text: string
}

/** Which param an axis is, and its values. */
export function AxisField({
  label,
  axis,
  places,
  onChange,
}: {
  readonly label: string
  readonly axis: TypedAxis
  readonly places: readonly string[]
  readonly onChange: (axis: TypedAxis) => void
}) {
  const say = useWords(pictureWords)
  return (
    <>
      <Field label={label}>
        {(ids) => (
          <select
            {...ids}
            className={styles.input}
            value={axis.place}
            onChange={({ target }) => onChange({ ...axis, place: target.value })}
          >
            <option value="">{say('none')}</option>
            {places.map((place) => (
              <option key={place}>{place}</option>
            ))}
          </select>
        )}
      </Field>
      {axis.place && (
        <Field label={`${say('values')}: ${axis.place}`} hint={say('valuesHint')}>
          {(ids) => (
            <textarea
              {...ids}
              className={styles.input}
              rows={2}
              value={axis.text}
              onChange={({ target }) => onChange({ ...axis, text: target.value })}
            />
          )}
        </Field>
      )}
    </>
  )
}
