import { type PointerEvent, useRef, useState } from 'react'
import { widgetWords } from '../../words/widgets.ts'
import { useWords } from '../../words/words.ts'
import styles from './crop.module.css'
import {
  fittedRegion,
  type Grip,
  grips,
  keyedRegion,
  movedRegion,
  type Region,
  resizedRegion,
} from './region.ts'

/** A rectangle over a picture that can be moved and stretched, by pointer and by keys. */
export function CropBox(props: {
  readonly picture: string
  readonly region: Region
  readonly onChange: (region: Region) => void
}) {
  const { picture, region: given, onChange } = props
  const say = useWords(widgetWords)
  const [size, setSize] = useState<{ readonly width: number; readonly height: number }>()
  const image = useRef<HTMLImageElement>(null)
  const held = useRef<
    { readonly x: number; readonly y: number; region: Region; grip: Grip | undefined } | undefined
  >(undefined)
  const region = size ? fittedRegion(given, size) : given

  const down = (event: PointerEvent<HTMLElement>, grip?: Grip) => {
    if (event.button !== 0) return
    event.stopPropagation()
    event.currentTarget.setPointerCapture(event.pointerId)
    held.current = { x: event.clientX, y: event.clientY, region, grip }
  }
  const move = (event: PointerEvent) => {
    const { current } = held
    if (!current || !size || !image.current) return
    const scale = size.width / image.current.getBoundingClientRect().width
    const dx = (event.clientX - current.x) * scale
    const dy = (event.clientY - current.y) * scale
    const { grip } = current
    onChange(
      grip
        ? resizedRegion(current.region, grip, dx, dy, size)
        : movedRegion(current.region, dx, dy, size),
    )
  }
  const up = () => {
    held.current = undefined
  }
  const part = (value: number, whole: number) => `${(value / whole) * 100}%`
  return (
    <div className={styles.frame} onPointerMove={move} onPointerUp={up} onPointerCancel={up}>
      <img
        ref={image}
        className={styles.picture}
        src={picture}
        alt=""
        draggable={false}
        onLoad={({ currentTarget }) => {
          setSize({ width: currentTarget.naturalWidth, height: currentTarget.naturalHeight })
        }}
      />
      {size && (
        // biome-ignore lint/a11y/useSemanticElements: a rectangle that is moved is no form group
        <div
          className={styles.region}
          role="group"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: moved by the arrow keys
          tabIndex={0}
          aria-label={say('cropBox', { ...region })}
          style={{
            left: part(region.left, size.width),
            top: part(region.top, size.height),
            width: part(region.width, size.width),
            height: part(region.height, size.height),
          }}
          onPointerDown={(event) => down(event)}
          onKeyDown={(event) => {
            const next = keyedRegion(region, event, size)
            if (!next) return
            event.preventDefault()
            event.stopPropagation()
            onChange(next)
          }}
        >
          {grips.map((grip) => (
            <span
              key={`${grip.x} ${grip.y}`}
              className={styles.grip}
              data-grip={`${grip.x} ${grip.y}`}
              style={{ left: `${(grip.x + 1) * 50}%`, top: `${(grip.y + 1) * 50}%` }}
              onPointerDown={(event) => down(event, grip)}
            />
          ))}
        </div>
      )}
    </div>
  )
}
