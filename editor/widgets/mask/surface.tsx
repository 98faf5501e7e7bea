import { type PointerEvent, useEffect, useRef, useState } from 'react'
import { widgetWords } from '../../words/widgets.ts'
import { useWords } from '../../words/words.ts'
import type { MaskArea, MaskPoint } from './bitmap.ts'
import styles from './mask.module.css'
import type { MaskSettings } from './mask-painter.tsx'
import type { Painter } from './painter.ts'
import { fitView, type PictureView, pinched, toPicture, zoomed } from './view.ts'

interface Touch {
  readonly x: number
  readonly y: number
}

/** The picture with the mask over it: paints; Alt, the middle button or two fingers move it. */
export function Surface(props: {
  readonly picture: HTMLImageElement
  readonly canvas: HTMLCanvasElement
  readonly painter: Painter
  readonly settings: MaskSettings
  readonly onStep: () => void
  readonly onReady: (draw: (area: MaskArea) => void) => void
}) {
  const { picture, canvas, painter, settings, onStep, onReady } = props
  const say = useWords(widgetWords)
  const box = useRef<HTMLDivElement>(null)
  const layer = useRef<HTMLDivElement>(null)
  const [view, setView] = useState<PictureView>({ zoom: 1, x: 0, y: 0 })
  const [pointer, setPointer] = useState<Touch>()
  const touches = useRef(new Map<number, Touch>())
  const gesture = useRef<'paint' | 'move' | 'lasso' | undefined>(undefined)
  const outline = useRef<MaskPoint[]>([])
  const [drawn, setDrawn] = useState('')
  const size = { width: picture.naturalWidth, height: picture.naturalHeight }

  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each picture
  useEffect(() => {
    layer.current?.replaceChildren(picture, canvas)
    onReady(() => undefined)
    const { current } = box
    if (!current) return
    const fit = () =>
      setView(fitView(size, { width: current.clientWidth, height: current.clientHeight }))
    const watch = new ResizeObserver(fit)
    watch.observe(current)
    // React's wheel listener is passive, so the page would zoom too.
    const wheel = (event: WheelEvent) => {
      event.preventDefault()
      const area = current.getBoundingClientRect()
      const at = { x: event.clientX - area.left, y: event.clientY - area.top }
      setView((now) => zoomed(now, at, 1.0015 ** -event.deltaY))
    }
    current.addEventListener('wheel', wheel, { passive: false })
    return () => {
      watch.disconnect()
      current.removeEventListener('wheel', wheel)
    }
  }, [picture, canvas])

  const inBox = (event: { clientX: number; clientY: number }): Touch => {
    const area = box.current!.getBoundingClientRect()
    return { x: event.clientX - area.left, y: event.clientY - area.top }
  }
  const pointsOf = (event: PointerEvent): MaskPoint[] => {
    const native = event.nativeEvent
    const list = native.getCoalescedEvents?.() ?? []
    return (list.length > 0 ? list : [native]).map((one) => ({
      ...toPicture(view, inBox(one)),
      pressure: one.pointerType === 'pen' ? one.pressure : 0.5,
    }))
  }
  const brush = (event: PointerEvent) => ({
    radius: settings.size / 2,
    hardness: settings.hardness,
    erase: settings.tool === 'eraser' || event.buttons === 32 || event.buttons === 2,
  })

  function down(event: PointerEvent<HTMLDivElement>): void {
    event.currentTarget.setPointerCapture(event.pointerId)
    touches.current.set(event.pointerId, inBox(event))
    if (touches.current.size === 2) {
      // The second finger: what the first began to paint is taken back.
      if (gesture.current === 'paint') {
        painter.end()
        painter.undo()
      }
      gesture.current = 'move'
      return
    }
    const moves = event.altKey || event.button === 1
    gesture.current = moves ? 'move' : settings.tool === 'lasso' ? 'lasso' : 'paint'
    if (gesture.current === 'paint') painter.stroke(pointsOf(event), brush(event))
    if (gesture.current === 'lasso') outline.current = pointsOf(event)
  }

  function move(event: PointerEvent<HTMLDivElement>): void {
    const at = inBox(event)
    if (event.pointerType !== 'touch') setPointer(at)
    const before = touches.current.get(event.pointerId)
    if (!before) return
    if (gesture.current === 'move') {
      const others = [...touches.current].filter(([id]) => id !== event.pointerId)
      const other = others[0]?.[1]
      if (other) setView((now) => pinched(now, [before, other], [at, other]))
      else setView((now) => ({ ...now, x: now.x + at.x - before.x, y: now.y + at.y - before.y }))
    }
    if (gesture.current === 'paint') painter.stroke(pointsOf(event), brush(event))
    if (gesture.current === 'lasso') {
      outline.current.push(...pointsOf(event))
      setDrawn(outline.current.map(({ x, y }) => `${x},${y}`).join(' '))
    }
    touches.current.set(event.pointerId, at)
  }

  function up(event: PointerEvent<HTMLDivElement>): void {
    touches.current.delete(event.pointerId)
    if (gesture.current === 'paint') painter.end()
    if (gesture.current === 'lasso') painter.lasso(outline.current, event.altKey)
    if (touches.current.size > 0) return
    gesture.current = undefined
    outline.current = []
    setDrawn('')
    onStep()
  }

  const { zoom, x, y } = view
  return (
    <div
      ref={box}
      className={styles.box}
      role="img"
      aria-label={say('maskOf')}
      data-mask-surface
      onPointerDown={down}
      onPointerMove={move}
      onPointerUp={up}
      onPointerCancel={up}
      onPointerLeave={() => setPointer(undefined)}
      onContextMenu={(event) => event.preventDefault()}
    >
      <div
        ref={layer}
        className={styles.layer}
        style={{ ...size, transform: `translate(${x}px, ${y}px) scale(${zoom})` }}
      />
      {drawn && (
        // biome-ignore lint/a11y/noSvgWithoutTitle: only what is being drawn
        <svg className={styles.outline} aria-hidden>
          <polygon
            points={drawn}
            transform={`translate(${x} ${y}) scale(${zoom})`}
            vectorEffect="non-scaling-stroke"
          />
        </svg>
      )}
      {pointer && settings.tool !== 'lasso' && (
        <div
          className={styles.ring}
          style={{
            width: settings.size * zoom,
            height: settings.size * zoom,
            transform: `translate(${pointer.x}px, ${pointer.y}px) translate(-50%, -50%)`,
          }}
        />
      )}
      <p className={styles.size}>{say('maskWidth', size)}</p>
    </div>
  )
}
