import { useStore } from 'zustand'
import { Check, Field, Segmented } from '../../shell/ui/index.ts'
import { preferences } from '../../state/preferences.ts'
import { settings } from '../../state/settings.ts'
import { panelWords } from '../../words/panels.ts'
import { useWords } from '../../words/words.ts'
import styles from '../panels.module.css'

/** What a person can choose; kept in this browser and in force at once. */
export function Panel() {
  const say = useWords(panelWords)
  const now = useStore(settings)
  const { motion } = useStore(preferences)
  const set = settings.setState
  return (
    <div className={styles.body}>
      <Segmented
        label={say('language')}
        value={now.language}
        options={[
          { value: 'en', label: 'English' },
          { value: 'ja', label: '日本語' },
        ]}
        onChange={(language) => set({ language })}
      />
      <Segmented
        label={say('theme')}
        value={now.theme}
        options={[
          { value: 'system', label: say('themeSystem') },
          { value: 'light', label: say('themeLight') },
          { value: 'dark', label: say('themeDark') },
        ]}
        onChange={(theme) => set({ theme })}
      />
      <Segmented
        label={say('motion')}
        value={motion}
        options={[
          { value: 'system', label: say('motionSystem') },
          { value: 'none', label: say('motionNone') },
        ]}
        onChange={(value) => preferences.setState({ motion: value })}
      />
      <Segmented
        label={say('snap')}
        value={String(now.snap)}
        options={['0', '8', '16', '32'].map((value) => ({
          value,
          label: value === '0' ? say('off') : `${value} px`,
        }))}
        onChange={(snap) => set({ snap: Number(snap) })}
      />
      <Segmented
        label={say('links')}
        value={now.links}
        options={[
          { value: 'curved', label: say('curved') },
          { value: 'straight', label: say('straight') },
          { value: 'hidden', label: say('hidden') },
        ]}
        onChange={(links) => set({ links })}
      />
      <Segmented
        label={say('drag')}
        value={now.drag}
        options={[
          { value: 'pan', label: say('pan') },
          { value: 'select', label: say('select') },
        ]}
        onChange={(drag) => set({ drag })}
      />
      <Check label={say('minimap')} value={now.minimap} onChange={(minimap) => set({ minimap })} />
      <Field label={say('liveSteps')}>
        {(ids) => (
          <input
            {...ids}
            type="number"
            min={1}
            max={50}
            value={now.liveSteps}
            onChange={({ target }) =>
              set({ liveSteps: Math.min(50, Math.max(1, Math.round(Number(target.value)) || 1)) })
            }
          />
        )}
      </Field>
    </div>
  )
}
