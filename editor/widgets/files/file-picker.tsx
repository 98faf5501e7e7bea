import { Upload, X } from 'lucide-react'
import { useEffect, useMemo, useState } from 'react'
import { useStore } from 'zustand'
import type { Asset, AssetKind } from '../../../engine/protocol/library.ts'
import { api, encodeName, loadAssets } from '../../link/api.ts'
import { library } from '../../state/stores.ts'
import { widgetWords } from '../../words/widgets.ts'
import { useWords } from '../../words/words.ts'
import { Modal } from '../modal.tsx'
import widgets from '../widgets.module.css'
import styles from './files.module.css'
import { matching } from './search.ts'
import { upload } from './upload.ts'

/** A list with pictures of the files of a kind: search, choose, send a new one. */
export function FilePicker(props: {
  readonly kind: AssetKind
  readonly chosen: string
  /** The chosen one is not there: what is like it is offered. */
  readonly missing?: boolean
  readonly onChoose: (asset: Asset) => void
  readonly onClose: () => void
}) {
  const { kind, chosen, missing, onChoose, onClose } = props
  const say = useWords(widgetWords)
  const assets = useStore(library, (state) => state.assets[kind])
  const [text, setText] = useState('')
  const [offers, setOffers] = useState<readonly Asset[]>([])
  const [sending, setSending] = useState<number>()
  const [error, setError] = useState('')
  const found = useMemo(() => matching(assets ?? [], text).slice(0, 300), [assets, text])

  useEffect(() => {
    loadAssets(kind).catch((reason: Error) => setError(reason.message))
  }, [kind])
  useEffect(() => {
    if (!missing) return
    const asked = api.post<{ assets: Asset[] }>(`/api/library/${kind}/resolve`, { name: chosen })
    asked.then(({ assets: offered }) => setOffers(offered)).catch(() => undefined)
  }, [kind, chosen, missing])

  const choose = (asset: Asset) => {
    onChoose(asset)
    onClose()
  }
  const send = async (file: File | undefined) => {
    if (!file) return
    setError('')
    try {
      const asset = await upload(kind, file.name, file, setSending)
      await loadAssets(kind)
      choose(asset)
    } catch (reason) {
      setError(reason instanceof Error ? reason.message : String(reason))
    }
    setSending(undefined)
  }
  return (
    <Modal label={say('chooseFile')} onClose={onClose}>
      <div className={styles.bar}>
        <input
          type="search"
          // biome-ignore lint/a11y/noAutofocus: the dialog was opened in order to search
          autoFocus
          className={widgets.field}
          aria-label={say('search')}
          placeholder={say('search')}
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            const [first] = found
            if (event.key === 'Enter' && !event.nativeEvent.isComposing && first) choose(first)
          }}
        />
        <label className={`${widgets.button} ${styles.send}`}>
          <Upload aria-hidden />
          {say('upload')}
          <input type="file" onChange={(event) => void send(event.target.files?.[0])} />
        </label>
        <button
          type="button"
          className={widgets.button}
          aria-label={say('close')}
          onClick={onClose}
        >
          <X aria-hidden />
        </button>
      </div>
      {sending !== undefined && (
        <progress className={styles.progress} value={sending} aria-label={say('uploading')} />
      )}
      {error && (
        <p className={styles.error} role="alert">
          {error}
        </p>
      )}
      {missing && (
        <section>
          <p className={styles.error}>{say('missingHint', { name: chosen })}</p>
          {offers.length > 0 && <p>{say('offers')}</p>}
          <Cards kind={kind} assets={offers} chosen={chosen} onChoose={choose} />
        </section>
      )}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: a button does it too */}
      <div
        className={styles.scroll}
        onDragOver={(event) => event.preventDefault()}
        onDrop={(event) => {
          event.preventDefault()
          void send(event.dataTransfer.files[0])
        }}
      >
        <Cards kind={kind} assets={found} chosen={chosen} onChoose={choose} />
        {assets && found.length === 0 && <p>{say('nothingFound')}</p>}
      </div>
    </Modal>
  )
}

function Cards(props: {
  readonly kind: AssetKind
  readonly assets: readonly Asset[]
  readonly chosen: string
  readonly onChoose: (asset: Asset) => void
}) {
  const { kind, assets, chosen, onChoose } = props
  return (
    <ul className={styles.cards}>
      {assets.map((asset) => (
        <li key={asset.name}>
          <button
            type="button"
            className={styles.card}
            aria-pressed={asset.name === chosen}
            title={asset.fault ?? asset.name}
            onClick={() => onChoose(asset)}
          >
            <span className={styles.frame}>
              {asset.thumbnail && (
                <img
                  src={api.address(`/api/library/${kind}/thumbnail/${encodeName(asset.name)}`)}
                  alt=""
                  loading="lazy"
                  decoding="async"
                />
              )}
            </span>
            <span className={styles.title}>{asset.title ?? asset.name}</span>
            <span className={styles.facts}>{asset.fault ?? factsOf(asset)}</span>
          </button>
        </li>
      ))}
    </ul>
  )
}

function factsOf({ family, bytes, width, height }: Asset): string {
  const size =
    bytes >= 2 ** 20 ? `${(bytes / 2 ** 20).toFixed(1)} MB` : `${Math.ceil(bytes / 1024)} KB`
  const pixels = width && height ? `${width} × ${height}` : undefined
  return [family, pixels, size].filter(Boolean).join(' · ')
}
