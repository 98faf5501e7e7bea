import { Copy, Dices, Undo2 } from 'lucide-react'
import { useSyncExternalStore } from 'react'
import { edit, shownGraph } from '../graph/open-graph.ts'
import { setLayout } from '../state/commands/layout.ts'
import { activeDocument, notify } from '../state/stores.ts'
import { widgetWords } from '../words/widgets.ts'
import { useWords } from '../words/words.ts'
import { defaultOf } from './kinds.ts'
import { limitsOf } from './limits.ts'
import { NumberField } from './number-field.tsx'
import type { WidgetProps } from './props.ts'
import { nextSeed, type SeedMode, seedLayoutOf, seedModeOf, seedModes } from './seed.ts'
import styles from './widgets.module.css'

/** A seed with what happens to it before each run. */
export function SeedWidget({ node, name, info, value, onChange }: WidgetProps) {
  const say = useWords(widgetWords)
  const document = activeDocument()
  const layout = useSyncExternalStore(
    (told) => document.follow(told),
    () => seedLayoutOf(shownGraph(document).workflow, node),
  )
  const limits = limitsOf(info.schema)
  const now = Number(value ?? defaultOf(info) ?? 0)
  const last = layout.seedLast?.[name]
  const mode = seedModeOf(shownGraph(document).workflow, node, name)

  const choose = (chosen: SeedMode) => {
    const seedMode = { ...layout.seedMode, [name]: chosen }
    edit(`${node}.${name}: ${chosen}`, (workflow) =>
      setLayout(workflow, node, { seedMode } as object),
    )
  }
  const copy = async () => {
    await navigator.clipboard.writeText(String(now))
    notify(say('copied'))
  }

  return (
    <>
      <NumberField
        label={name}
        limits={limits}
        value={now}
        onChange={(next, phase) => onChange(next, phase)}
      />
      <div className={styles.under}>
        <select
          aria-label={say('seedMode')}
          title={say(`${mode}Hint`)}
          className={styles.field}
          value={mode}
          onChange={(event) => choose(event.target.value as SeedMode)}
        >
          {seedModes.map((entry) => (
            <option key={entry} value={entry}>
              {say(entry)}
            </option>
          ))}
        </select>
        <button
          type="button"
          className={styles.button}
          aria-label={say('seedDraw')}
          title={say('seedDraw')}
          onClick={() => {
            const max = limits.max ?? Number.MAX_SAFE_INTEGER
            onChange(nextSeed('random', now, { max }), 'done')
          }}
        >
          <Dices aria-hidden />
        </button>
        <button
          type="button"
          className={styles.button}
          aria-label={last === undefined ? say('seedNoLast') : say('seedLast', { seed: last })}
          title={last === undefined ? say('seedNoLast') : say('seedLast', { seed: last })}
          disabled={last === undefined}
          onClick={() => onChange(last, 'done')}
        >
          <Undo2 aria-hidden />
        </button>
        <button
          type="button"
          className={styles.button}
          aria-label={say('seedCopy')}
          title={say('seedCopy')}
          onClick={copy}
        >
          <Copy aria-hidden />
        </button>
      </div>
    </>
  )
}
