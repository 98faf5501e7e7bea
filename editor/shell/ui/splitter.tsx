import type { KeyboardEvent, PointerEvent } from 'react'
import styles from './ui.module.css'

const step = 16

/** The edge of a panel, drawn by the mouse or moved by arrows. Width in pixels. */
export function Splitter({
  label,
  width,
  min,
  max,
  onChange,
}: {
  readonly label: string
  readonly width: number
  readonly min: number
  readonly max: number
  readonly onChange: (width: number) => void
}) {
  const set = (next: number) => onChange(Math.min(max, Math.max(min, Math.round(next))))
  const press = (event: PointerEvent<HTMLHRElement>) => {
    const element = event.currentTarget
    const start = event.clientX - width
    element.setPointerCapture(event.pointerId)
    const move = ({ clientX }: globalThis.PointerEvent) => set(clientX - start)
    element.addEventListener('pointermove', move)
    element.addEventListener('lostpointercapture', () =>
      element.removeEventListener('pointermove', move),
    )
  }
  const key = ({ key }: KeyboardEvent) => {
    const change = { ArrowLeft: -step, ArrowRight: step, Home: -max, End: max }[key]
    if (change) set(width + change)
  }
  return (
    <hr
      className={styles.splitter}
      aria-label={label}
      aria-orientation="vertical"
      aria-valuenow={width}
      aria-valuemin={min}
      aria-valuemax={max}
      tabIndex={0}
      onPointerDown={press}
      onKeyDown={key}
    />
  )
}
