import type { ReactNode } from 'react'
import type { Limits } from '../limits.ts'
import { fitted } from '../limits.ts'
import { NumberField } from '../number-field.tsx'
import type { Phase } from '../props.ts'
import styles from './mixer.module.css'

const limits: Limits = {
  ...{ min: -100, max: 100, integer: false, openMin: false, openMax: false },
  ...{ multipleOf: undefined, step: 0.01 },
}

/** A ratio as a slider over what is common, and as a number over all that is allowed. */
export function RatioLine(props: {
  readonly label: string
  readonly value: number
  readonly disabled: boolean
  readonly onChange: (value: number, phase: Phase) => void
  readonly children: ReactNode
}) {
  const { label, value, disabled, onChange, children } = props
  return (
    <div className={styles.line}>
      <input
        type="range"
        className={styles.range}
        aria-label={label}
        disabled={disabled}
        min={Math.min(-1, Math.floor(value))}
        max={Math.max(2, Math.ceil(value))}
        step={0.01}
        value={value}
        onChange={(event) => onChange(ratioOf(event.target), 'drag')}
        // What is drawn may be a frame behind what was dragged to.
        onPointerUp={(event) => onChange(ratioOf(event.currentTarget), 'done')}
        onKeyUp={(event) => onChange(ratioOf(event.currentTarget), 'done')}
      />
      {disabled ? (
        <span className={styles.fed}>⟵</span>
      ) : (
        <NumberField
          label={label}
          limits={limits}
          value={value}
          className={styles.number}
          onChange={(next, phase) => onChange(next ?? 1, phase)}
        />
      )}
      {children}
    </div>
  )
}

function ratioOf({ value }: HTMLInputElement): number {
  return fitted(limits, Number(value))
}
