import { useEffect, useState } from 'react'
import type { Asset, AssetChange, AssetDetail } from '../../../engine/protocol/library.ts'
import { api, encodeName, loadAssets } from '../../link/api.ts'
import { told } from '../../shell/deeds.ts'
import { Button, Dialog, Field } from '../../shell/ui/index.ts'
import { panelWords } from '../../words/panels.ts'
import { useWords } from '../../words/words.ts'
import styles from '../panels.module.css'

const lists = ['tags', 'triggers'] as const
const texts = ['notes', 'licence'] as const

/** What is known of a file, and what a person adds to it. */
export function AssetDialog({
  asset,
  onClose,
}: {
  readonly asset: Asset
  readonly onClose: () => void
}) {
  const say = useWords(panelWords)
  const [change, setChange] = useState<AssetChange>({})
  const [detail, setDetail] = useState<AssetDetail>()
  const path = `/api/library/${asset.kind}/item/${encodeName(asset.name)}`
  useEffect(() => {
    void told(async () => setDetail(await api.get<AssetDetail>(path)))
  }, [path])
  async function save() {
    const done = await told(async () => {
      await api.patch(path, change)
      await loadAssets(asset.kind)
    })
    if (done) onClose()
  }
  const now = { ...asset, ...change }
  const foot = (
    <Button tone="main" onClick={() => void save()}>
      {say('save')}
    </Button>
  )
  return (
    <Dialog title={asset.title ?? asset.name} onClose={onClose} foot={foot}>
      <div className={styles.form}>
        {lists.map((name) => (
          <Field key={name} label={say(name)} hint={say('commas')}>
            {(ids) => (
              <input
                {...ids}
                defaultValue={asset[name].join(', ')}
                onChange={({ target }) => setChange({ ...change, [name]: split(target.value) })}
              />
            )}
          </Field>
        ))}
        {texts.map((name) => (
          <Field key={name} label={say(name)}>
            {(ids) => (
              <textarea
                {...ids}
                value={now[name] ?? ''}
                onChange={({ target }) => setChange({ ...change, [name]: target.value })}
              />
            )}
          </Field>
        ))}
        {asset.kind === 'loras' && (
          <Field label={say('ratio')}>
            {(ids) => (
              <input
                {...ids}
                type="number"
                step={0.05}
                value={now.ratio ?? 1}
                onChange={({ target }) => setChange({ ...change, ratio: Number(target.value) })}
              />
            )}
          </Field>
        )}
        {detail && Object.keys(detail.metadata).length > 0 && (
          <details>
            <summary>{say('metadata')}</summary>
            <p className={styles.lines}>
              {Object.entries(detail.metadata)
                .map(([key, value]) => `${key}: ${value}`)
                .join('\n')}
            </p>
          </details>
        )}
      </div>
    </Dialog>
  )
}

function split(text: string): string[] {
  return text.split(',').flatMap((part) => part.trim() || [])
}
