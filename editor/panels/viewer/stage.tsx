import { type KeyboardEvent, type PointerEvent, useEffect, useRef, useState } from 'react'
import { pictureWords } from '../../words/pictures.ts'
import { useWords } from '../../words/words.ts'
import { movedBy, type Sight, wholeSight, zoomAt } from './sight.ts'
import styles from './viewer.module.css'

interface Point {
  readonly x: number
  readonly y: number
}

const zoomKeys: Readonly<Record<string, number>> = { '+': 1.5, '=': 1.5, '-': 1 / 1.5, '0': 0 }
const steps: Readonly<Record<string, number>> = { ArrowLeft: -1, ArrowRight: 1 }

/** A picture that zooms by wheel, two fingers and keys and is moved by dragging. */
export function Stage({
  address,
  name,
  onStep,
}: {
  readonly address: string
  readonly name: string
  readonly onStep: (by: number) => void
}) {
  const say = useWords(pictureWords)
  const host = useRef<HTMLDivElement>(null)
  const fingers = useRef(new Map<number, Point>())
  const [sight, setSight] = useState<Sight>(wholeSight)
  useEffect(() => {
    const element = host.current
    if (!element) return
    const wheel = (event: WheelEvent) => {
      event.preventDefault()
      const { x, y } = fromMiddle(element, event)
      setSight((now) => zoomAt(now, 2 ** (-event.deltaY / 300), x, y))
    }
    element.addEventListener('wheel', wheel, { passive: false })
    return () => element.removeEventListener('wheel', wheel)
  }, [])
  const move = (event: PointerEvent<HTMLDivElement>) => {
    const before = fingers.current.get(event.pointerId)
    const element = host.current
    if (!before || !element) return
    const now = { x: event.clientX, y: event.clientY }
    const other = [...fingers.current].find(([id]) => id !== event.pointerId)?.[1]
    fingers.current.set(event.pointerId, now)
    if (!other) return setSight((old) => movedBy(old, now.x - before.x, now.y - before.y))
    const middle = { clientX: (now.x + other.x) / 2, clientY: (now.y + other.y) / 2 }
    const at = fromMiddle(element, middle)
    const factor = distance(now, other) / Math.max(1, distance(before, other))
    setSight((old) => zoomAt(old, factor, at.x, at.y))
  }
  const end = ({ pointerId }: PointerEvent) => fingers.current.delete(pointerId)
  const key = (event: KeyboardEvent) => {
    const factor = zoomKeys[event.key]
    if (factor !== undefined) setSight((now) => (factor === 0 ? wholeSight : zoomAt(now, factor)))
    else if (steps[event.key]) onStep(steps[event.key]!)
    else return
    event.preventDefault()
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: it takes keys as a picture that zooms.
    <div
      ref={host}
      className={styles.stage}
      role="group"
      aria-label={say('stage')}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: zooms by keys
      tabIndex={0}
      data-zoomed={sight.zoom > 1}
      onKeyDown={key}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId)
        fingers.current.set(event.pointerId, { x: event.clientX, y: event.clientY })
      }}
      onPointerMove={move}
      onPointerUp={end}
      onPointerCancel={end}
      onDoubleClick={() => setSight((now) => (now.zoom > 1 ? wholeSight : zoomAt(now, 3)))}
    >
      <img
        src={address}
        alt={name}
        draggable={false}
        style={{ transform: `translate(${sight.x}px, ${sight.y}px) scale(${sight.zoom})` }}
      />
    </div>
  )
}

function fromMiddle(
  element: HTMLElement,
  { clientX, clientY }: { readonly clientX: number; readonly clientY: number },
): Point {
  const { left, top, width, height } = element.getBoundingClientRect()
  return { x: clientX - left - width / 2, y: clientY - top - height / 2 }
}

function distance(one: Point, other: Point): number {
  return Math.hypot(one.x - other.x, one.y - other.y)
}
