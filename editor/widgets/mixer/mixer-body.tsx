import { Link2, Plus, Unlink2, X } from 'lucide-react'
import { lazy, Suspense, useRef, useState } from 'react'
import { useStore } from 'zustand'
import { catalogue } from '../../state/stores.ts'
import { infoOf } from '../../state/subgraphs.ts'
import type { NodeInfo } from '../../state/types.ts'
import { widgetWords } from '../../words/widgets.ts'
import { useWords } from '../../words/words.ts'
import { Thumbnail } from '../files/thumbnail.tsx'
import { openGraph, useEntry } from '../open-graph.ts'
import { addLora, moveLora, removeLora, setAll, solo } from './changes.ts'
import {
  hasFiles,
  heightOfItem,
  type MixerItem,
  mixerItems,
  padItems,
  placeAfterDrag,
  shortName,
} from './items.ts'
import styles from './mixer.module.css'
import { MixerPad } from './pad.tsx'
import { RatioLine } from './ratio-line.tsx'

const FilePicker = lazy(async () => {
  const { FilePicker } = await import('../files/file-picker.tsx')
  return { default: FilePicker }
})

/** The rows, the pad and the button to add of a node that mixes LoRAs. */
export function MixerBody({ node }: { readonly node: string }) {
  const say = useWords(widgetWords)
  const entry = useEntry(node)
  const infos = useStore(catalogue, (state) => state.nodes)
  const [picking, setPicking] = useState<number | 'new'>()
  const [drag, setDrag] = useState<{ readonly from: number; readonly way: number }>()
  const workflow = openGraph()
  const info = entry && infoOf(workflow, entry, infos)
  if (!entry || !info) return null
  const items = mixerItems(entry, info, workflow)
  const three = padItems(items)
  const heights = items.map(heightOfItem)
  const target = drag && placeAfterDrag(heights, drag.from, drag.way)

  const choose = (name: string, ratio: number | undefined) => {
    if (picking === 'new') addLora(node, { name, ...(ratio !== undefined && { ratio }) })
    else setAll(node, { [`file${picking}`]: name })
  }
  return (
    <div className={styles.mixer} data-widget="mixer">
      <ol className={styles.rows}>
        {items.map((item) => (
          <MixerRow
            key={item.item}
            {...{ node, item, items, info, heights }}
            shift={drag?.from === item.item ? drag.way : undefined}
            marked={target === item.item && target !== drag?.from}
            onDrag={(way) => setDrag(way === undefined ? undefined : { from: item.item, way })}
            onPick={() => setPicking(item.item)}
          />
        ))}
      </ol>
      {three.length === 3 && (
        <MixerPad
          items={three}
          onChange={(ratios, phase) => {
            const named = three.map(({ item }, index) => [`ratio${item}`, ratios[index]!])
            setAll(node, Object.fromEntries(named), phase)
          }}
        />
      )}
      {hasFiles(info) && (
        <button type="button" className={styles.add} onClick={() => setPicking('new')}>
          <Plus aria-hidden />
          {say('addLora')}
        </button>
      )}
      {picking !== undefined && (
        <Suspense fallback={null}>
          <FilePicker
            kind="loras"
            chosen={picking === 'new' ? '' : (items[picking - 1]?.file ?? '')}
            onChoose={({ name, ratio }) => choose(name, ratio)}
            onClose={() => setPicking(undefined)}
          />
        </Suspense>
      )}
    </div>
  )
}

function MixerRow(props: {
  readonly node: string
  readonly item: MixerItem
  readonly items: readonly MixerItem[]
  readonly info: NodeInfo
  readonly heights: readonly number[]
  readonly shift: number | undefined
  readonly marked: boolean
  readonly onDrag: (way: number | undefined) => void
  readonly onPick: () => void
}) {
  const { node, item, items, info, heights, shift, marked, onDrag, onPick } = props
  const say = useWords(widgetWords)
  const { item: number, file, on, ratio, textRatio, linked } = item
  const name = shortName(file) || `LoRA ${number}`
  const own = hasFiles(info)
  const alone = on && items.filter((entry) => entry.on).length === 1
  return (
    <li
      className={[styles.item, !on && styles.off, marked && styles.marked]
        .filter(Boolean)
        .join(' ')}
      style={{
        height: heightOfItem(item),
        ...(shift !== undefined && { transform: `translateY(${shift}px)`, zIndex: 1 }),
      }}
      data-item={number}
    >
      <div className={styles.head}>
        {own && (
          <Handle
            label={say('reorder', { name, place: number, count: items.length })}
            onDrag={onDrag}
            onDrop={(way) => moveLora(node, number, placeAfterDrag(heights, number, way))}
            onStep={(step) => moveLora(node, number, number + step)}
          />
        )}
        <button
          type="button"
          className={styles.name}
          title={file}
          disabled={!own}
          onClick={onPick}
          aria-label={own ? say('chooseLora', { name }) : name}
        >
          <Thumbnail kind="loras" name={file} />
          <span>{name}</span>
        </button>
        {own && (
          <>
            <button
              type="button"
              className={styles.key}
              aria-label={say('solo', { name })}
              title={say('solo', { name })}
              aria-pressed={alone && items.length > 1}
              onClick={() => solo(node, items, number)}
            >
              S
            </button>
            <button
              type="button"
              role="switch"
              className={styles.switch}
              aria-checked={on}
              aria-label={say('on', { name })}
              disabled={linked.has(`on${number}`)}
              onClick={() => setAll(node, { [`on${number}`]: !on })}
            />
            <button
              type="button"
              className={styles.key}
              aria-label={say('remove', { name })}
              title={say('remove', { name })}
              onClick={() => removeLora(node, number)}
            >
              <X aria-hidden />
            </button>
          </>
        )}
      </div>
      <RatioLine
        label={say('ratioOf', { name })}
        value={ratio}
        disabled={linked.has(`ratio${number}`)}
        onChange={(next, phase) => setAll(node, { [`ratio${number}`]: next }, phase)}
      >
        <button
          type="button"
          className={styles.key}
          aria-pressed={textRatio === undefined}
          aria-label={say('textFollows', { name })}
          title={say('textFollows', { name })}
          onClick={() => {
            setAll(node, { [`textRatio${number}`]: textRatio === undefined ? ratio : undefined })
          }}
        >
          {textRatio === undefined ? <Link2 aria-hidden /> : <Unlink2 aria-hidden />}
        </button>
      </RatioLine>
      {textRatio !== undefined && (
        <RatioLine
          label={say('textRatioOf', { name })}
          value={textRatio}
          disabled={linked.has(`textRatio${number}`)}
          onChange={(next, phase) => setAll(node, { [`textRatio${number}`]: next }, phase)}
        >
          <span className={styles.key} aria-hidden>
            T
          </span>
        </RatioLine>
      )}
    </li>
  )
}

function Handle(props: {
  readonly label: string
  readonly onDrag: (way: number | undefined) => void
  readonly onDrop: (way: number) => void
  readonly onStep: (step: 1 | -1) => void
}) {
  const from = useRef<{ readonly y: number; readonly zoom: number } | undefined>(undefined)
  const way = (y: number) => (from.current ? (y - from.current.y) / from.current.zoom : 0)
  return (
    <button
      type="button"
      className={styles.handle}
      aria-label={props.label}
      title={props.label}
      onPointerDown={(event) => {
        event.stopPropagation()
        const element = event.currentTarget
        element.setPointerCapture(event.pointerId)
        const zoom = element.getBoundingClientRect().height / element.offsetHeight || 1
        from.current = { y: event.clientY, zoom }
      }}
      onPointerMove={(event) => from.current && props.onDrag(way(event.clientY))}
      onPointerUp={(event) => {
        if (!from.current) return
        props.onDrop(way(event.clientY))
        from.current = undefined
        props.onDrag(undefined)
      }}
      onPointerCancel={() => {
        from.current = undefined
        props.onDrag(undefined)
      }}
      onKeyDown={(event) => {
        const steps: Readonly<Record<string, 1 | -1>> = { ArrowUp: -1, ArrowDown: 1 }
        const step = steps[event.key]
        if (!step) return
        event.preventDefault()
        event.stopPropagation()
        props.onStep(step)
      }}
    >
      ⠿
    </button>
  )
}
