import { type KeyboardEvent, type PointerEvent, useRef } from 'react'
import type { Json } from '../state/types.ts'
import { widgetWords } from '../words/widgets.ts'
import { useWords } from '../words/words.ts'
import { addedPoint, type CurvePoint, movedPoint, pointsOf, withoutPoint } from './curve.ts'
import styles from './drawn.module.css'
import { defaultOf } from './kinds.ts'
import { shown } from './limits.ts'
import type { WidgetProps } from './props.ts'

const width = 200
const height = 84
const flat: readonly CurvePoint[] = [
  [0, 1],
  [1, 1],
]

/** A curve over steps. A double click adds a point, Delete takes it away, arrows move it. */
export function CurveWidget({ name, info, value, onChange }: WidgetProps) {
  const say = useWords(widgetWords)
  const points = pointsOf(value ?? defaultOf(info)) ?? flat
  const held = useRef<number | undefined>(undefined)
  const range = [Number(info.schema.min ?? 0), Number(info.schema.max ?? 2)] as const
  const size = range[1] - range[0]
  const x = (place: number) => 8 + place * (width - 16)
  const y = (level: number) => 8 + (1 - (level - range[0]) / size) * (height - 16)
  const set = (next: readonly CurvePoint[], phase: 'drag' | 'done') =>
    onChange(next as unknown as Json, phase)

  function at(event: { clientX: number; clientY: number }, svg: SVGSVGElement): CurvePoint {
    const area = svg.getBoundingClientRect()
    const left = ((event.clientX - area.left) / area.width) * width
    const top = ((event.clientY - area.top) / area.height) * height
    return [(left - 8) / (width - 16), range[0] + (1 - (top - 8) / (height - 16)) * size]
  }
  const move = (event: PointerEvent<SVGSVGElement>) => {
    if (held.current === undefined) return
    set(movedPoint(points, held.current, at(event, event.currentTarget), range), 'drag')
  }
  const up = () => {
    if (held.current !== undefined) set(points, 'done')
    held.current = undefined
  }
  const key = (event: KeyboardEvent, index: number) => {
    const [place, level] = points[index]!
    const moves: Readonly<Record<string, CurvePoint>> = {
      ArrowLeft: [place - 0.02, level],
      ArrowRight: [place + 0.02, level],
      ArrowUp: [place, level + size / 40],
      ArrowDown: [place, level - size / 40],
    }
    const next = moves[event.key]
    if (next) set(movedPoint(points, index, next, range), 'done')
    else if (event.key === 'Delete' || event.key === 'Backspace') {
      set(withoutPoint(points, index), 'done')
    } else if (event.key === '+' || event.key === 'Insert') {
      const after = points[index + 1]?.[0] ?? points[index - 1]?.[0] ?? 1
      set(addedPoint(points, (place + after) / 2), 'done')
    } else return
    event.preventDefault()
    event.stopPropagation()
  }
  const line = points.map(([place, level]) => `${x(place)},${y(level)}`).join(' ')
  return (
    // biome-ignore lint/a11y/useSemanticElements: a drawing, not a group of fields
    <svg
      className={styles.curve}
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      role="group"
      aria-label={`${name}: ${say('curveHint')}`}
      onPointerMove={move}
      onPointerUp={up}
      onPointerCancel={up}
      onDoubleClick={(event) => {
        event.stopPropagation()
        set(addedPoint(points, at(event, event.currentTarget)[0]), 'done')
      }}
    >
      <polyline points={line} className={styles.line} />
      {points.map(([place, level], index) => (
        <circle
          // biome-ignore lint/suspicious/noArrayIndexKey: a point is what its place in the row is
          key={index}
          className={styles.point}
          cx={x(place)}
          cy={y(level)}
          r={7}
          role="slider"
          tabIndex={0}
          aria-label={say('pointAt', { place: Math.round(place * 100) })}
          aria-valuemin={range[0]}
          aria-valuemax={range[1]}
          aria-valuenow={level}
          aria-valuetext={shown(level)}
          onKeyDown={(event) => key(event, index)}
          onPointerDown={(event) => {
            if (event.button !== 0) return
            event.stopPropagation()
            event.currentTarget.ownerSVGElement?.setPointerCapture(event.pointerId)
            held.current = index
          }}
        />
      ))}
    </svg>
  )
}
