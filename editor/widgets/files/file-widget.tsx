import { FolderOpen } from 'lucide-react'
import { lazy, Suspense, useEffect, useState } from 'react'
import { useStore } from 'zustand'
import type { Asset, AssetKind } from '../../../engine/protocol/library.ts'
import { api, encodeName, loadAssets } from '../../link/api.ts'
import { library, notify } from '../../state/stores.ts'
import { widgetWords } from '../../words/widgets.ts'
import { useWords } from '../../words/words.ts'
import { defaultOf } from '../kinds.ts'
import type { WidgetProps } from '../props.ts'
import widgets from '../widgets.module.css'
import styles from './files.module.css'
import { Thumbnail } from './thumbnail.tsx'
import { upload } from './upload.ts'

const FilePicker = lazy(async () => {
  const { FilePicker } = await import('./file-picker.tsx')
  return { default: FilePicker }
})

/** Folders of which the library lists the files. */
const kinds: ReadonlySet<string> = new Set<AssetKind>([
  ...(['checkpoints', 'loras', 'vae', 'embeddings', 'input', 'output'] as const),
])

/** A file of the library: a button that opens the picker; a file may be dropped on it. */
export function FileWidget({ name, info, value, onChange }: WidgetProps) {
  const say = useWords(widgetWords)
  const kind = kinds.has(info.file ?? '') ? (info.file as AssetKind) : undefined
  const now = String(value ?? defaultOf(info) ?? '')
  const assets = useStore(library, (state) => (kind ? state.assets[kind] : undefined))
  const [open, setOpen] = useState(false)
  const [sending, setSending] = useState<number>()
  const missing = now !== '' && assets !== undefined && !assets.some((one) => one.name === now)

  useEffect(() => {
    if (kind && !library.getState().assets[kind]) void loadAssets(kind).catch(() => undefined)
  }, [kind])

  if (!kind) {
    return (
      <input
        type="text"
        aria-label={name}
        className={widgets.field}
        value={now}
        onChange={(event) => onChange(event.target.value, 'drag')}
      />
    )
  }
  const take = async (file: File | undefined) => {
    if (!file) return
    try {
      const asset = await upload(kind, file.name, file, setSending)
      await loadAssets(kind)
      onChange(asset.name, 'done')
    } catch (error) {
      notify(error instanceof Error ? error.message : String(error), 'bad')
    }
    setSending(undefined)
  }
  return (
    <>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the picker does it too */}
      <div
        className={styles.widget}
        onDragOver={(event) => event.preventDefault()}
        onDrop={(event) => {
          event.preventDefault()
          event.stopPropagation()
          void take(event.dataTransfer.files[0])
        }}
      >
        <button
          type="button"
          className={`${widgets.field} ${styles.button}`}
          aria-haspopup="dialog"
          aria-label={`${name}: ${now || say('chooseFile')}${missing ? `, ${say('missing')}` : ''}`}
          data-missing={missing || undefined}
          title={missing ? say('missingHint', { name: now }) : now}
          onClick={() => setOpen(true)}
        >
          {now && kind !== 'input' ? (
            <Thumbnail kind={kind} name={now} />
          ) : (
            <FolderOpen aria-hidden />
          )}
          <span>{now || say('chooseFile')}</span>
          {sending !== undefined && <progress value={sending} aria-label={say('uploading')} />}
        </button>
        {open && (
          <Suspense fallback={null}>
            <FilePicker
              kind={kind}
              chosen={now}
              missing={missing}
              onChoose={(asset: Asset) => onChange(asset.name, 'done')}
              onClose={() => setOpen(false)}
            />
          </Suspense>
        )}
      </div>
      {kind === 'input' && now && !missing && (
        <img
          className={styles.picture}
          src={api.address(`/api/library/input/thumbnail/${encodeName(now)}`)}
          alt={now}
          draggable={false}
        />
      )}
    </>
  )
}
