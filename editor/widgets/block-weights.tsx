import { type KeyboardEvent, type PointerEvent, useRef } from 'react'
import { widgetWords } from '../words/widgets.ts'
import { useWords } from '../words/words.ts'
import styles from './drawn.module.css'
import { clean, shown } from './limits.ts'
import type { WidgetProps } from './props.ts'
import { paceOf } from './scrub.ts'
import widgets from './widgets.module.css'

/** How many numbers block weights may have: of SDXL, of LoRAs that skip blocks, of all blocks. */
const counts = [12, 17, 26]
const top = 2

/** A list of numbers as bars: drag over them, or arrows on each. */
export function BlockWeights({ name, info, value, onChange }: WidgetProps) {
  const say = useWords(widgetWords)
  const fixed = info.schema.minItems as number | undefined
  const offered = fixed ? [fixed] : counts
  const weights = Array.isArray(value) ? value.map(Number) : undefined
  const drawing = useRef(false)

  const set = (index: number, weight: number, phase: 'drag' | 'done') => {
    onChange(
      weights!.map((old, at) => (at === index ? weight : old)),
      phase,
    )
  }
  const draw = (event: PointerEvent<HTMLDivElement>) => {
    if (!drawing.current || !weights) return
    const area = event.currentTarget.getBoundingClientRect()
    const part = (event.clientX - area.left) / area.width
    const index = Math.min(weights.length - 1, Math.max(0, Math.floor(part * weights.length)))
    const level = top * (1 - (event.clientY - area.top) / area.height)
    set(index, clean(Math.round(Math.min(top, Math.max(0, level)) * 20) / 20), 'drag')
  }
  const end = () => {
    if (drawing.current && weights) onChange(weights, 'done')
    drawing.current = false
  }
  const key = (event: KeyboardEvent<HTMLElement>, index: number) => {
    const ways: Readonly<Record<string, number>> = { ArrowUp: 0.1, ArrowDown: -0.1 }
    const sides: Readonly<Record<string, number>> = { ArrowLeft: -1, ArrowRight: 1 }
    const way = ways[event.key]
    const side = sides[event.key]
    if (way) set(index, clean(weights![index]! + way * paceOf(event)), 'done')
    else if (side) {
      const bars = event.currentTarget.parentElement?.children
      ;(bars?.[index + side] as HTMLElement | undefined)?.focus()
    } else return
    event.preventDefault()
    event.stopPropagation()
  }

  return (
    <>
      <select
        aria-label={name}
        className={widgets.field}
        value={weights ? String(weights.length) : ''}
        onChange={({ target }) => {
          const ones = Array.from({ length: Number(target.value) }, () => 1)
          onChange(target.value === '' ? undefined : ones, 'done')
        }}
      >
        <option value="">{say('none')}</option>
        {[...new Set([...offered, ...(weights ? [weights.length] : [])])].map((count) => (
          <option key={count} value={String(count)}>
            {say('weightsOf', { count })}
          </option>
        ))}
      </select>
      {weights && (
        // biome-ignore lint/a11y/useSemanticElements: a drawing surface, not a group of fields
        <div
          className={styles.bars}
          role="group"
          aria-label={name}
          onPointerDown={(event) => {
            if (event.button !== 0) return
            event.stopPropagation()
            event.currentTarget.setPointerCapture(event.pointerId)
            drawing.current = true
            draw(event)
          }}
          onPointerMove={draw}
          onPointerUp={end}
          onPointerCancel={end}
        >
          {weights.map((weight, index) => (
            <div
              // biome-ignore lint/suspicious/noArrayIndexKey: a weight is what its place is
              key={index}
              className={styles.bar}
              role="slider"
              tabIndex={index === 0 ? 0 : -1}
              aria-label={say('block', { place: index })}
              aria-valuemin={-100}
              aria-valuemax={100}
              aria-valuenow={weight}
              title={`${index}: ${shown(weight)}`}
              onKeyDown={(event) => key(event, index)}
            >
              <span style={{ height: `${(Math.min(top, Math.max(0, weight)) / top) * 100}%` }} />
            </div>
          ))}
        </div>
      )}
    </>
  )
}
