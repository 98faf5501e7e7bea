import { type KeyboardEvent, type PointerEvent, useEffect, useRef, useState } from 'react'
import { reckon } from './expression.ts'
import { allowed, fitted, type Limits, limitsText, shown } from './limits.ts'
import type { Phase } from './props.ts'
import { beginScrub, keyed, type Scrub, scrubBy, scrubbed } from './scrub.ts'
import styles from './widgets.module.css'

/** Pixels that the pointer may stray before a click becomes a drag. */
const slack = 3

interface NumberFieldProps {
  readonly label: string
  readonly limits: Limits
  /** Undefined shows `placeholder`. */
  readonly value: number | undefined
  readonly placeholder?: string
  readonly className?: string | undefined
  readonly onChange: (value: number | undefined, phase: Phase) => void
}

/**
 * A number: drag sideways (Shift a tenth, Ctrl tenfold), arrows, or click and type, sums too.
 * An emptied field takes the value out. Escape gives back what was there.
 */
export function NumberField(props: NumberFieldProps) {
  const [typed, setTyped] = useState<string>()
  if (typed === undefined) return <Scrubbed {...props} onType={setTyped} />
  return <Typed {...props} first={typed} onEnd={() => setTyped(undefined)} />
}

function Scrubbed(props: NumberFieldProps & { readonly onType: (first: string) => void }) {
  const { label, limits, value, placeholder, className, onChange, onType } = props
  const scrub = useRef<(Scrub & { readonly moved: boolean; readonly x: number }) | undefined>(
    undefined,
  )
  const now = value ?? numberIn(placeholder) ?? fitted(limits, 0)

  function down(event: PointerEvent<HTMLDivElement>): void {
    if (event.button !== 0) return
    event.stopPropagation()
    event.currentTarget.setPointerCapture(event.pointerId)
    scrub.current = { ...beginScrub(limits, now), moved: false, x: event.clientX }
  }

  function move(event: PointerEvent<HTMLDivElement>): void {
    const { current } = scrub
    if (!current) return
    const pixels = event.clientX - current.x
    if (!current.moved && Math.abs(pixels) < slack) return
    const next = scrubBy(current, pixels, event)
    scrub.current = { ...next, moved: true, x: event.clientX }
    const reached = scrubbed(limits, next)
    if (reached !== value) onChange(reached, 'drag')
  }

  function up(): void {
    const { current } = scrub
    scrub.current = undefined
    if (!current) return
    if (current.moved) onChange(scrubbed(limits, current), 'done')
    else onType(value === undefined ? '' : String(value))
  }

  function cancel(): void {
    const { current } = scrub
    scrub.current = undefined
    if (current?.moved) onChange(value === undefined ? undefined : current.start, 'done')
  }

  function key(event: KeyboardEvent): void {
    const next = keyed(limits, now, event)
    if (next !== undefined) {
      event.preventDefault()
      event.stopPropagation()
      onChange(next, 'done')
    } else if (event.key === 'Enter' || event.key === 'F2') {
      event.preventDefault()
      event.stopPropagation()
      onType(value === undefined ? '' : String(value))
    } else if (/^[\d.(+-]$/.test(event.key) && !event.ctrlKey && !event.metaKey) {
      event.preventDefault()
      event.stopPropagation()
      onType(event.key)
    }
  }

  return (
    <div
      role="spinbutton"
      tabIndex={0}
      aria-label={label}
      aria-valuenow={now}
      aria-valuemin={limits.min}
      aria-valuemax={limits.max}
      aria-valuetext={value === undefined ? placeholder : shown(value)}
      title={limitsText(limits)}
      className={[styles.field, styles.number, value === undefined && styles.unset, className]
        .filter(Boolean)
        .join(' ')}
      onPointerDown={down}
      onPointerMove={move}
      onPointerUp={up}
      onPointerCancel={cancel}
      onKeyDown={key}
    >
      {value === undefined ? placeholder : shown(value)}
    </div>
  )
}

function Typed(props: NumberFieldProps & { readonly first: string; readonly onEnd: () => void }) {
  const { label, limits, value, placeholder, className, onChange, first, onEnd } = props
  const [text, setText] = useState(first)
  const before = useRef(value)
  const over = useRef(false)
  const field = useRef<HTMLInputElement>(null)
  const reckoned = text.trim() === '' ? undefined : reckon(text)
  const wrong = reckoned !== undefined && !reckoned.ok

  // biome-ignore lint/correctness/useExhaustiveDependencies: only once, when typing begins
  useEffect(() => {
    field.current?.focus()
    if (first === String(value)) field.current?.select()
  }, [])

  function type(next: string): void {
    setText(next)
    const sum = reckon(next)
    // Only what is allowed as it stands: a 5 on the way to 512 is not made a 64 meanwhile.
    if (sum.ok && allowed(limits, sum.value)) onChange(fitted(limits, sum.value), 'drag')
  }

  function end(keep: boolean): void {
    if (over.current) return
    over.current = true
    if (!keep || wrong) onChange(before.current, 'done')
    else onChange(reckoned?.ok ? fitted(limits, reckoned.value) : undefined, 'done')
    onEnd()
  }

  function key(event: KeyboardEvent): void {
    event.stopPropagation()
    if (event.nativeEvent.isComposing) return
    if (event.key === 'Enter' && !wrong) end(true)
    if (event.key === 'Escape') end(false)
    const steps: Readonly<Record<string, true>> = { ArrowUp: true, ArrowDown: true }
    if (steps[event.key] && reckoned?.ok) {
      event.preventDefault()
      const next = keyed(limits, reckoned.value, event)!
      setText(String(next))
      onChange(next, 'drag')
    }
  }

  return (
    <input
      ref={field}
      aria-label={label}
      aria-invalid={wrong}
      title={reckoned && !reckoned.ok ? reckoned.message : limitsText(limits)}
      className={[styles.field, styles.number, className].filter(Boolean).join(' ')}
      inputMode="text"
      placeholder={placeholder}
      value={text}
      onChange={(event) => type(event.target.value)}
      onKeyDown={key}
      onBlur={() => end(true)}
      onPointerDown={(event) => event.stopPropagation()}
    />
  )
}

function numberIn(text: string | undefined): number | undefined {
  const value = Number(text || 'none')
  return Number.isNaN(value) ? undefined : value
}
