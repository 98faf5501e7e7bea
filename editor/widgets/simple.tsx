import { useState } from 'react'
import { widgetWords } from '../words/widgets.ts'
import { useWords } from '../words/words.ts'
import { choicesOf, defaultOf } from './kinds.ts'
import { fitted, limitsOf, stepOf } from './limits.ts'
import { NumberField } from './number-field.tsx'
import type { WidgetProps } from './props.ts'
import styles from './widgets.module.css'

/** The widgets that are one control of the browser, or a number beside one. */

export function NumberWidget({ name, info, value, onChange }: WidgetProps) {
  const say = useWords(widgetWords)
  const fallback = defaultOf(info)
  return (
    <NumberField
      label={name}
      limits={limitsOf(info.schema)}
      value={asNumber(value) ?? asNumber(fallback)}
      placeholder={say('none')}
      onChange={onChange}
    />
  )
}

export function SliderWidget({ name, info, value, onChange }: WidgetProps) {
  const say = useWords(widgetWords)
  const limits = limitsOf(info.schema)
  const known = asNumber(value) ?? asNumber(defaultOf(info))
  const now = known ?? limits.min ?? 0
  const slid = (input: HTMLInputElement) => fitted(limits, Number(input.value))
  return (
    <>
      <input
        type="range"
        aria-label={name}
        className={styles.range}
        min={limits.min}
        max={limits.max}
        step={stepOf(limits, 0)}
        value={now}
        onChange={({ target }) => onChange(slid(target), 'drag')}
        // What is drawn may be a frame behind what was dragged to.
        onPointerUp={({ currentTarget }) => onChange(slid(currentTarget), 'done')}
        onKeyUp={({ currentTarget }) =>
          known !== undefined && onChange(slid(currentTarget), 'done')
        }
      />
      <NumberField
        label={name}
        limits={limits}
        value={known}
        placeholder={say('none')}
        className={styles.beside}
        onChange={onChange}
      />
    </>
  )
}

export function ChoiceWidget({ name, info, value, onChange }: WidgetProps) {
  const say = useWords(widgetWords)
  const choices = choicesOf(info.schema)
  const fallback = defaultOf(info)
  const now = value ?? fallback
  const index = choices.indexOf(now as string)
  return (
    <select
      aria-label={name}
      className={styles.field}
      aria-invalid={index < 0 && now !== undefined}
      value={index < 0 ? '' : String(index)}
      onChange={({ target }) => {
        onChange(target.value === '' ? undefined : choices[Number(target.value)], 'done')
      }}
    >
      {(index < 0 || fallback === undefined) && (
        <option value="">{now === undefined ? say('none') : String(now)}</option>
      )}
      {choices.map((choice, place) => (
        <option key={choice} value={String(place)}>
          {choice}
        </option>
      ))}
    </select>
  )
}

export function SwitchWidget({ name, info, value, onChange }: WidgetProps) {
  const on = (value ?? defaultOf(info)) === true
  return (
    <button
      type="button"
      role="switch"
      aria-checked={on}
      aria-label={name}
      className={styles.switch}
      onClick={() => onChange(!on, 'done')}
    />
  )
}

export function TextWidget({ name, info, value, onChange }: WidgetProps) {
  const text = asText(value ?? defaultOf(info))
  return (
    <input
      type="text"
      aria-label={name}
      className={styles.field}
      value={text}
      maxLength={asNumber(info.schema.maxLength as number | undefined)}
      onChange={(event) => onChange(event.target.value, 'drag')}
      onBlur={() => onChange(text === '' && value === undefined ? undefined : text, 'done')}
    />
  )
}

export function ColourWidget({ name, info, value, onChange }: WidgetProps) {
  const text = asText(value ?? defaultOf(info))
  const plain = /^#[0-9a-f]{6}$/i.test(text) ? text : '#808080'
  return (
    <>
      <input
        type="color"
        aria-label={name}
        className={styles.colour}
        value={plain}
        onChange={(event) => onChange(event.target.value, 'drag')}
        onBlur={() => onChange(text, 'done')}
      />
      <input
        type="text"
        aria-label={name}
        className={styles.field}
        value={text}
        onChange={(event) => onChange(event.target.value, 'drag')}
      />
    </>
  )
}

/** Lists and objects as JSON. Text that is none stays in the field with the reason. */
export function JsonWidget({ name, info, value, onChange }: WidgetProps) {
  const say = useWords(widgetWords)
  const now = value ?? defaultOf(info)
  const written = now === undefined ? '' : JSON.stringify(now)
  const [draft, setDraft] = useState<{ readonly text: string; readonly error: string }>()
  const text = draft?.text ?? written
  const tall = written.length > 24 || draft !== undefined
  const change = (next: string) => {
    if (next.trim() === '') {
      setDraft(undefined)
      return onChange(undefined, 'drag')
    }
    try {
      onChange(JSON.parse(next), 'drag')
      setDraft({ text: next, error: '' })
    } catch (error) {
      setDraft({ text: next, error: error instanceof Error ? error.message : '' })
    }
  }
  const common = {
    'aria-label': name,
    'aria-invalid': Boolean(draft?.error),
    title: draft?.error || say('jsonHint'),
    placeholder: say('none'),
    spellCheck: false,
    value: text,
    onBlur: () => !draft?.error && setDraft(undefined),
  }
  if (!tall) {
    return (
      <input
        {...common}
        className={styles.field}
        onChange={(event) => change(event.target.value)}
      />
    )
  }
  return (
    <>
      <textarea
        {...common}
        className={`${styles.field} ${styles.json}`}
        onChange={(event) => change(event.target.value)}
      />
      <div className={styles.error} role="status">
        {draft?.error}
      </div>
    </>
  )
}

function asNumber(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : value === undefined ? '' : String(value)
}
