import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from 'react'
import { createPortal } from 'react-dom'
import { useStore } from 'zustand'
import { loadAssets } from '../../link/api.ts'
import { library } from '../../state/stores.ts'
import { widgetWords } from '../../words/widgets.ts'
import { useWords } from '../../words/words.ts'
import { defaultOf } from '../kinds.ts'
import type { WidgetProps } from '../props.ts'
import widgets from '../widgets.module.css'
import { type Completion, completed, completionAt, type Offer } from './completion.ts'
import styles from './prompt.module.css'
import { useTokenCount } from './tokens.ts'
import { weighed } from './weights.ts'

const closed: Completion = { from: 0, offers: [] }
const deltas: Readonly<Record<string, number>> = { ArrowUp: 0.1, ArrowDown: -0.1 }

/**
 * A prompt: the browser's own text field with its own undo. Keys act only while no word is being
 * composed. Ctrl+Up and Down weigh, Tab or Enter takes an offer, Escape closes the list.
 */
export function PromptWidget({ name, info, value, onChange }: WidgetProps) {
  const say = useWords(widgetWords)
  const text = String(value ?? defaultOf(info) ?? '')
  const field = useRef<HTMLTextAreaElement>(null)
  const [list, setList] = useState(closed)
  const [chosen, setChosen] = useState(0)
  const assets = useStore(library, (state) => state.assets)
  const tokens = useTokenCount(text)
  const id = useId()
  const known = useMemo(
    () => ({ loras: assets.loras ?? [], embeddings: assets.embeddings ?? [] }),
    [assets],
  )

  useEffect(() => {
    const { assets: loaded } = library.getState()
    for (const kind of ['loras', 'embeddings'] as const) {
      if (!loaded[kind]) void loadAssets(kind).catch(() => undefined)
    }
  }, [])

  /** Writes through the browser, so that its undo knows of it. */
  function write(next: string, start: number, end: number): void {
    const { current } = field
    if (!current) return
    const same = commonEdges(current.value, next)
    current.setSelectionRange(same.start, current.value.length - same.end)
    const inserted = next.slice(same.start, next.length - same.end)
    const command = inserted === '' ? 'delete' : 'insertText'
    document.execCommand(command, false, inserted)
    if (current.value !== next) onChange(next, 'drag')
    current.setSelectionRange(start, end)
  }

  function take(offer: Offer): void {
    const { current } = field
    if (!current) return
    const next = completed(current.value, current.selectionStart, list.from, offer)
    write(next.text, next.caret, next.caret)
    setList(closed)
  }

  function key(event: KeyboardEvent<HTMLTextAreaElement>): void {
    event.stopPropagation()
    if (event.nativeEvent.isComposing) return
    const { offers } = list
    const delta = deltas[event.key]
    if (delta !== undefined && (event.ctrlKey || event.metaKey)) {
      event.preventDefault()
      const { selectionStart, selectionEnd } = event.currentTarget
      const now = { text: event.currentTarget.value, start: selectionStart, end: selectionEnd }
      const next = weighed(now, delta)
      if (next) write(next.text, next.start, next.end)
    } else if (offers.length > 0 && delta !== undefined) {
      event.preventDefault()
      setChosen((chosen + (delta < 0 ? 1 : offers.length - 1)) % offers.length)
    } else if (offers.length > 0 && (event.key === 'Enter' || event.key === 'Tab')) {
      event.preventDefault()
      take(offers[chosen] ?? offers[0]!)
    } else if (offers.length > 0 && event.key === 'Escape') {
      event.preventDefault()
      setList(closed)
    } else if (event.key === 'Escape') {
      event.currentTarget.closest<HTMLElement>('[data-node]')?.focus()
    }
  }

  const open = list.offers.length > 0
  return (
    <div className={styles.box}>
      <textarea
        ref={field}
        aria-label={name}
        aria-haspopup="listbox"
        aria-controls={open ? id : undefined}
        aria-autocomplete="list"
        aria-activedescendant={open ? `${id}-${chosen}` : undefined}
        className={`${widgets.field} ${styles.text}`}
        value={text}
        spellCheck={false}
        onChange={(event) => {
          const { value: next, selectionStart } = event.target
          onChange(next, 'drag')
          const composing = (event.nativeEvent as InputEvent).isComposing
          setList(composing ? closed : completionAt(next, selectionStart, known))
          setChosen(0)
        }}
        onKeyDown={key}
        onBlur={() => {
          setList(closed)
          if (value !== undefined) onChange(text, 'done')
        }}
      />
      <div className={styles.count} aria-live="off">
        {tokens && (
          <>
            <span>{say('tokens', { count: tokens.count })}</span>
            <span>{say('chunks', { count: tokens.chunks })}</span>
            {tokens.borders && tokens.borders.length > 0 && (
              <span className={styles.borders} title={say('borderHint')}>
                {tokens.borders.map((place) => endingAt(text, place)).join(' ')}
              </span>
            )}
          </>
        )}
      </div>
      {open && (
        <Offers id={id} field={field.current} offers={list.offers} chosen={chosen} onTake={take} />
      )}
    </div>
  )
}

function Offers(props: {
  readonly id: string
  readonly field: HTMLTextAreaElement | null
  readonly offers: readonly Offer[]
  readonly chosen: number
  readonly onTake: (offer: Offer) => void
}) {
  const { id, field, offers, chosen, onTake } = props
  const say = useWords(widgetWords)
  const area = field?.getBoundingClientRect()
  if (!area) return null
  const below = area.bottom + 250 < innerHeight
  const style = {
    left: Math.min(area.left, innerWidth - 250),
    ...(below ? { top: area.bottom + 2 } : { bottom: innerHeight - area.top + 2 }),
  }
  return createPortal(
    // The list follows the text field, which keeps the focus: aria-activedescendant says where.
    <div
      id={id}
      role="listbox"
      aria-label={say('offersHint')}
      className={styles.list}
      style={style}
    >
      {offers.map((offer, index) => (
        <div
          key={`${offer.kind} ${offer.label}`}
          id={`${id}-${index}`}
          role="option"
          tabIndex={-1}
          aria-selected={index === chosen}
          className={styles.offer}
          onPointerDown={(event) => {
            event.preventDefault()
            event.stopPropagation()
            onTake(offer)
          }}
        >
          <span>{offer.label}</span>
          <span className={styles.kind}>{say(offer.kind)}</span>
        </div>
      ))}
    </div>,
    field?.closest('main') ?? document.body,
  )
}

/** How much of two texts is the same at the beginning and at the end. */
function commonEdges(before: string, after: string): { start: number; end: number } {
  const most = Math.min(before.length, after.length)
  let start = 0
  while (start < most && before[start] === after[start]) start += 1
  let end = 0
  while (end < most - start && before.at(-1 - end) === after.at(-1 - end)) end += 1
  return { start, end }
}

function endingAt(text: string, place: number): string {
  return `…${text.slice(Math.max(0, place - 10), place).trim()} ┊`
}
