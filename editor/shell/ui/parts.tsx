import { type ReactNode, useId } from 'react'
import styles from './ui.module.css'

/** A labelled control; the hint is read out with it. */
export function Field({
  label,
  hint,
  children,
}: {
  readonly label: string
  readonly hint?: string
  readonly children: (ids: {
    readonly id: string
    readonly 'aria-describedby'?: string
  }) => ReactNode
}) {
  const id = useId()
  const described = `${id}-hint`
  return (
    <div className={styles.field}>
      <label htmlFor={id}>{label}</label>
      {children(hint ? { id, 'aria-describedby': described } : { id })}
      {hint && (
        <p id={described} className={styles.hint}>
          {hint}
        </p>
      )}
    </div>
  )
}

/** One choice of a few, all in view. */
export function Segmented<Value extends string>({
  label,
  value,
  options,
  onChange,
}: {
  readonly label: string
  readonly value: Value
  readonly options: readonly { readonly value: Value; readonly label: string }[]
  readonly onChange: (value: Value) => void
}) {
  const name = useId()
  return (
    <fieldset className={styles.segmented}>
      <legend className={styles.legend}>{label}</legend>
      <div className={styles.segments}>
        {options.map((option) => (
          <label key={option.value} className={styles.segment}>
            <input
              type="radio"
              name={name}
              checked={option.value === value}
              onChange={() => onChange(option.value)}
            />
            <span>{option.label}</span>
          </label>
        ))}
      </div>
    </fieldset>
  )
}

/** Something that is on or off. */
export function Check({
  label,
  value,
  onChange,
}: {
  readonly label: string
  readonly value: boolean
  readonly onChange: (value: boolean) => void
}) {
  return (
    <label className={styles.check}>
      <input type="checkbox" checked={value} onChange={({ target }) => onChange(target.checked)} />
      <span>{label}</span>
    </label>
  )
}

/** What is shown where there is nothing yet, and what to do about it. */
export function EmptyState({
  icon,
  title,
  children,
}: {
  readonly icon?: ReactNode
  readonly title: string
  readonly children?: ReactNode
}) {
  return (
    <div className={styles.empty}>
      {icon}
      <p className={styles.emptyTitle}>{title}</p>
      {children}
    </div>
  )
}

/** A bar for a part of a whole, 0 to 1. */
export function Bar({ label, part }: { readonly label: string; readonly part: number }) {
  return <progress className={styles.bar} aria-label={label} max={1} value={part} />
}
