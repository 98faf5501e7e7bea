import { Brush, Eraser, Lasso, Redo2, Save, Undo2, X } from 'lucide-react'
import { widgetWords } from '../../words/widgets.ts'
import { useWords } from '../../words/words.ts'
import widgets from '../widgets.module.css'
import styles from './mask.module.css'
import type { MaskSettings } from './mask-painter.tsx'
import type { MaskHistory } from './tiles.ts'

export type MaskTool = 'brush' | 'eraser' | 'lasso'

const tools = [
  ['brush', Brush, 'B'],
  ['eraser', Eraser, 'E'],
  ['lasso', Lasso, 'L'],
] as const
const wholes = ['fill', 'invert', 'clear'] as const

/** The row of tools above the picture. */
export function Tools(props: {
  readonly settings: MaskSettings
  readonly history: MaskHistory | undefined
  readonly saving: boolean
  readonly onSettings: (settings: MaskSettings) => void
  readonly onWhole: (what: 'fill' | 'invert' | 'clear' | 'feather') => void
  readonly onUndo: () => void
  readonly onRedo: () => void
  readonly onSave: () => void
  readonly onClose: () => void
}) {
  const { settings, history, saving, onSettings, onWhole, onUndo, onRedo, onSave, onClose } = props
  const say = useWords(widgetWords)
  const slider = (name: 'size' | 'hardness' | 'feather', max: number, step: number) => (
    <label className={styles.slider}>
      {say(name)}
      <input
        type="range"
        className={widgets.range}
        min={step}
        max={max}
        step={step}
        value={settings[name]}
        onChange={(event) => onSettings({ ...settings, [name]: Number(event.target.value) })}
      />
      <output>{settings[name]}</output>
    </label>
  )
  return (
    <div className={styles.tools} role="toolbar" aria-label={say('maskTitle')}>
      {tools.map(([tool, Icon, key]) => (
        <button
          key={tool}
          type="button"
          className={widgets.button}
          aria-pressed={settings.tool === tool}
          title={`${say(tool)} (${key})`}
          onClick={() => onSettings({ ...settings, tool })}
        >
          <Icon aria-hidden />
          {say(tool)}
        </button>
      ))}
      {slider('size', 512, 1)}
      {slider('hardness', 1, 0.05)}
      {slider('feather', 64, 1)}
      <button type="button" className={widgets.button} onClick={() => onWhole('feather')}>
        {say('featherApply')}
      </button>
      {wholes.map((what) => (
        <button key={what} type="button" className={widgets.button} onClick={() => onWhole(what)}>
          {say(what)}
        </button>
      ))}
      <button
        type="button"
        className={widgets.button}
        aria-label={say('undo')}
        title={say('undo')}
        disabled={!history?.canUndo}
        onClick={onUndo}
      >
        <Undo2 aria-hidden />
      </button>
      <button
        type="button"
        className={widgets.button}
        aria-label={say('redo')}
        title={say('redo')}
        disabled={!history?.canRedo}
        onClick={onRedo}
      >
        <Redo2 aria-hidden />
      </button>
      <span className={styles.space} />
      <button type="button" className={widgets.button} disabled={saving} onClick={onSave}>
        <Save aria-hidden />
        {say('save')}
      </button>
      <button type="button" className={widgets.button} aria-label={say('close')} onClick={onClose}>
        <X aria-hidden />
      </button>
    </div>
  )
}
