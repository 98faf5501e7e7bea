import { useEffect, useState } from 'react'
import { useStore } from 'zustand'
import type { Asset, AssetKind } from '../../../engine/protocol/library.ts'
import { api, encodeName, loadAssets } from '../../link/api.ts'
import { told } from '../../shell/deeds.ts'
import { printBytes } from '../../shell/print.ts'
import { EmptyState, Field } from '../../shell/ui/index.ts'
import { library } from '../../state/stores.ts'
import { panelWords } from '../../words/panels.ts'
import { useWords } from '../../words/words.ts'
import styles from '../panels.module.css'
import { AssetDialog } from './asset.tsx'
import { Upload } from './upload.tsx'

const kinds = ['checkpoints', 'loras', 'vae', 'embeddings', 'input'] as const

/** The files that workflows can name. */
export function Panel() {
  const say = useWords(panelWords)
  const [kind, setKind] = useState<AssetKind & (typeof kinds)[number]>('loras')
  const [text, setText] = useState('')
  const [open, setOpen] = useState<Asset>()
  const assets = useStore(library, (state) => state.assets[kind])
  useEffect(() => {
    void told(() => loadAssets(kind))
  }, [kind])
  const shown = (assets ?? []).filter(({ name, title = '', tags, triggers, family = '' }) =>
    [name, title, family, ...tags, ...triggers]
      .join(' ')
      .toLowerCase()
      .includes(text.toLowerCase()),
  )
  return (
    <div className={styles.body}>
      <Field label={say('kind')}>
        {(ids) => (
          <select
            {...ids}
            value={kind}
            onChange={({ target }) => setKind(target.value as (typeof kinds)[number])}
          >
            {kinds.map((name) => (
              <option key={name} value={name}>
                {say(name)}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label={say('search')}>
        {(ids) => (
          <input
            {...ids}
            type="search"
            value={text}
            onChange={({ target }) => setText(target.value)}
          />
        )}
      </Field>
      <Upload kind={kind} />
      {assets && shown.length === 0 && <EmptyState title={say('noFiles')} />}
      <ul className={styles.list}>
        {shown.map((asset) => (
          <li key={asset.name} className={styles.card}>
            <div className={styles.row}>
              {asset.thumbnail && (
                <img
                  src={api.address(`/api/library/${kind}/thumbnail/${encodeName(asset.name)}`)}
                  alt=""
                  loading="lazy"
                  width={56}
                />
              )}
              <span className={styles.grow}>
                <button type="button" className={styles.link} onClick={() => setOpen(asset)}>
                  {asset.title ?? asset.name}
                </button>
                <span className={styles.quiet}>
                  {' '}
                  {[asset.family, printBytes(asset.bytes), ...asset.tags]
                    .filter(Boolean)
                    .join(' · ')}
                </span>
              </span>
            </div>
            {asset.fault && <p className={styles.bad}>{asset.fault}</p>}
          </li>
        ))}
      </ul>
      {open && <AssetDialog asset={open} onClose={() => setOpen(undefined)} />}
    </div>
  )
}
