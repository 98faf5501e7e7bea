import { type KeyboardEvent, useEffect, useRef, useState } from 'react'
import { notify } from '../../state/stores.ts'
import { widgetWords } from '../../words/widgets.ts'
import { useWords } from '../../words/words.ts'
import { Modal } from '../modal.tsx'
import { emptyMask, type MaskArea } from './bitmap.ts'
import styles from './mask.module.css'
import { loadPicture, maskOf, maskPng, showMask } from './mask-file.ts'
import { createPainter, type Painter } from './painter.ts'
import { Surface } from './surface.tsx'
import { type MaskTool, Tools } from './tools.tsx'

/** What the tools are set to. */
export interface MaskSettings {
  readonly tool: MaskTool
  readonly size: number
  readonly hardness: number
  readonly feather: number
}

interface Loaded {
  readonly picture: HTMLImageElement
  readonly painter: Painter
  readonly canvas: HTMLCanvasElement
}

const first: MaskSettings = { tool: 'brush', size: 40, hardness: 0.8, feather: 8 }

/**
 * Paints a mask over a picture, in a dialog. `picture` and `mask` are addresses; a mask that was
 * saved before is shown again. `onSave` gets a grey PNG, white is painted again.
 */
export function MaskPainter(props: {
  readonly picture: string
  readonly mask?: string | undefined
  readonly onSave: (png: Blob) => void | Promise<void>
  readonly onClose: () => void
}) {
  const { picture: address, mask: saved, onSave, onClose } = props
  const say = useWords(widgetWords)
  const [loaded, setLoaded] = useState<Loaded>()
  const [error, setError] = useState('')
  const [settings, setSettings] = useState(first)
  const [, setSteps] = useState(0)
  const [saving, setSaving] = useState(false)
  const paint = useRef<(area: MaskArea) => void>(() => undefined)

  useEffect(() => {
    let gone = false
    const open = async () => {
      const picture = await loadPicture(address)
      const { naturalWidth: width, naturalHeight: height } = picture
      const old = saved === undefined ? undefined : await loadPicture(saved).catch(() => undefined)
      const mask = old ? maskOf(old, width, height) : emptyMask(width, height)
      const canvas = document.createElement('canvas')
      Object.assign(canvas, { width, height })
      const context = canvas.getContext('2d')!
      const painter = createPainter(mask, (area) => {
        showMask(context, mask, area)
        paint.current(area)
      })
      showMask(context, mask, { left: 0, top: 0, right: width, bottom: height })
      if (!gone) setLoaded({ picture, painter, canvas })
    }
    open().catch((reason: Error) => setError(reason.message))
    return () => {
      gone = true
    }
  }, [address, saved])

  const act = (change: (painter: Painter) => void) => {
    if (loaded) change(loaded.painter)
    setSteps((steps) => steps + 1)
  }
  const save = async () => {
    if (!loaded) return
    setSaving(true)
    try {
      await onSave(await maskPng(loaded.painter.mask))
      onClose()
    } catch (reason) {
      notify(reason instanceof Error ? reason.message : String(reason), 'bad')
      setError(reason instanceof Error ? reason.message : String(reason))
      setSaving(false)
    }
  }
  const key = (event: KeyboardEvent) => {
    if ((event.target as HTMLElement).matches('input:not([type=range])')) return
    const size = (factor: number) => () =>
      setSettings((now) => ({
        ...now,
        size: Math.min(512, Math.max(1, Math.round(now.size * factor))),
      }))
    const pick = (tool: MaskTool) => () => setSettings((now) => ({ ...now, tool }))
    const control = event.ctrlKey || event.metaKey
    const keys: Readonly<Record<string, () => void>> = control
      ? {
          z: () => act((painter) => (event.shiftKey ? painter.redo() : painter.undo())),
          y: () => act((painter) => painter.redo()),
          s: () => void save(),
        }
      : {
          '[': size(1 / 1.2),
          ']': size(1.25),
          b: pick('brush'),
          e: pick('eraser'),
          l: pick('lasso'),
          i: () => act((painter) => painter.whole('invert')),
        }
    const found = keys[event.key.toLowerCase()]
    if (!found) return
    event.preventDefault()
    event.stopPropagation()
    found()
  }

  return (
    <Modal label={say('maskTitle')} wide onClose={onClose} onKey={key}>
      <div className={styles.painter}>
        <Tools
          settings={settings}
          history={loaded?.painter.history}
          saving={saving || !loaded}
          onSettings={setSettings}
          onWhole={(what) => act((painter) => painter.whole(what, settings.feather))}
          onUndo={() => act((painter) => painter.undo())}
          onRedo={() => act((painter) => painter.redo())}
          onSave={() => void save()}
          onClose={onClose}
        />
        {error && (
          <p className={styles.error} role="alert">
            {error}
          </p>
        )}
        {loaded && (
          <Surface
            {...loaded}
            settings={settings}
            onStep={() => setSteps((steps) => steps + 1)}
            onReady={(draw) => {
              paint.current = draw
            }}
          />
        )}
      </div>
    </Modal>
  )
}
