import { type KeyboardEvent, type PointerEvent, useRef } from 'react'
import { widgetWords } from '../../words/widgets.ts'
import { useWords } from '../../words/words.ts'
import { shown } from '../limits.ts'
import type { Phase } from '../props.ts'
import { paceOf } from '../scrub.ts'
import { type MixerItem, shortName } from './items.ts'
import styles from './mixer.module.css'
import { type Parts, padKeyed, partsAt, partsOf, sharedOut, spotOf, totalOf } from './pad.ts'

type Three = [number, number, number]

/** Size of the triangle's box in its own units, and the room around it. */
const box = { width: 130, height: 96, left: 25, top: 16 }

/** A triangle that shares the sum of three ratios out among them. */
export function MixerPad(props: {
  readonly items: readonly MixerItem[]
  readonly onChange: (ratios: Three, phase: Phase) => void
}) {
  const { items, onChange } = props
  const say = useWords(widgetWords)
  const ratios = items.map(({ ratio }) => ratio) as Three
  const parts = partsOf(ratios)
  const total = useRef<number | undefined>(undefined)
  const spot = spotOf(parts)
  const names = items.map(({ file }) => shortName(file))
  const text = names.map((name, index) => `${name} ${shown(ratios[index]!)}`).join(', ')

  function at(event: PointerEvent<SVGSVGElement>): Parts {
    const area = event.currentTarget.getBoundingClientRect()
    const scale = area.width / 180
    return partsAt({
      x: ((event.clientX - area.left) / scale - box.left) / box.width,
      y: ((event.clientY - area.top) / scale - box.top) / box.height,
    })
  }
  const down = (event: PointerEvent<SVGSVGElement>) => {
    if (event.button !== 0) return
    event.stopPropagation()
    event.currentTarget.setPointerCapture(event.pointerId)
    total.current = totalOf(ratios)
    onChange(sharedOut(total.current, at(event)), 'drag')
  }
  const move = (event: PointerEvent<SVGSVGElement>) => {
    if (total.current !== undefined) onChange(sharedOut(total.current, at(event)), 'drag')
  }
  const up = () => {
    if (total.current !== undefined) onChange(ratios, 'done')
    total.current = undefined
  }
  const key = (event: KeyboardEvent) => {
    const next = padKeyed(parts, event.key, event.shiftKey ? 0.5 : paceOf(event))
    if (!next) return
    event.preventDefault()
    event.stopPropagation()
    onChange(sharedOut(totalOf(ratios), next), 'done')
  }

  return (
    <svg
      className={styles.pad}
      viewBox="0 0 180 140"
      // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: moved by pointer and keys
      role="slider"
      tabIndex={0}
      aria-label={say('pad')}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(parts[0] * 100)}
      aria-valuetext={text}
      onPointerDown={down}
      onPointerMove={move}
      onPointerUp={up}
      onPointerCancel={up}
      onKeyDown={key}
    >
      <title>{say('padHint')}</title>
      <path className={styles.triangle} d="M90 16 L25 112 L155 112 Z" />
      <text x="90" y="10" textAnchor="middle">
        {clipped(names[0])}
      </text>
      <text x="2" y="128" textAnchor="start">
        {clipped(names[1])}
      </text>
      <text x="178" y="128" textAnchor="end">
        {clipped(names[2])}
      </text>
      <circle
        className={styles.point}
        cx={box.left + spot.x * box.width}
        cy={box.top + spot.y * box.height}
        r="8"
      />
    </svg>
  )
}

function clipped(name = ''): string {
  return name.length > 13 ? `${name.slice(0, 12)}…` : name
}
