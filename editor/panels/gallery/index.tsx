import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useRef, useState } from 'react'
import { useStore } from 'zustand'
import type { Asset } from '../../../engine/protocol/library.ts'
import { api, encodeName } from '../../link/api.ts'
import { told } from '../../shell/deeds.ts'
import { Button, EmptyState, Field } from '../../shell/ui/index.ts'
import { runs } from '../../state/stores.ts'
import { panelWords } from '../../words/panels.ts'
import { useWords } from '../../words/words.ts'
import styles from '../panels.module.css'
import { openViewer, savedPicture } from '../viewer/open.ts'

/** A picture that a run saved. */
export type Saved = Asset & { readonly run: string; readonly node: string; readonly time: number }

const columns = 2
const rowHeight = 168

/** All pictures that runs have saved, newest first; only the rows in view are on the page. */
export function Panel() {
  const say = useWords(panelWords)
  const scroller = useRef<HTMLDivElement>(null)
  const [text, setText] = useState('')
  const [chosen, setChosen] = useState<readonly string[]>([])
  const { pictures, next, more } = usePictures(text)
  const rows = useVirtualizer({
    count: Math.ceil(pictures.length / columns),
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 3,
  })
  const viewed = () => pictures.map(({ name, run }) => savedPicture(name, run))
  const placeOf = (name?: string) => pictures.findIndex((picture) => picture.name === name)
  const choose = (name: string) =>
    setChosen((now) =>
      now.includes(name) ? now.filter((other) => other !== name) : [...now, name].slice(-2),
    )
  return (
    <div className={styles.body} ref={scroller}>
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
      {pictures.length === 0 ? (
        <EmptyState title={say('noPictures')} />
      ) : (
        <Button
          disabled={chosen.length !== 2}
          onClick={() => openViewer(viewed(), placeOf(chosen[0]), placeOf(chosen[1]))}
        >
          {chosen.length === 2 ? say('compare') : say('chooseTwo')}
        </Button>
      )}
      <ul style={{ position: 'relative', flex: 'none', height: rows.getTotalSize() }}>
        {rows.getVirtualItems().flatMap(({ index, start }) =>
          pictures.slice(index * columns, (index + 1) * columns).map((picture, column) => (
            <li
              key={picture.name}
              style={{
                ...{ position: 'absolute', top: start, left: `${(column * 100) / columns}%` },
                ...{ width: `${100 / columns}%`, padding: 3 },
              }}
            >
              <button
                type="button"
                className={styles.tile}
                onClick={() => openViewer(viewed(), placeOf(picture.name))}
              >
                <img
                  src={api.address(`/api/library/output/thumbnail/${encodeName(picture.name)}`)}
                  alt={picture.name}
                  loading="lazy"
                  decoding="async"
                  style={{ height: 120 }}
                />
              </button>
              <label className={styles.quiet}>
                <input
                  type="checkbox"
                  aria-label={say('choose', { name: picture.name })}
                  checked={chosen.includes(picture.name)}
                  onChange={() => choose(picture.name)}
                />{' '}
                {say('compare')}
              </label>
            </li>
          )),
        )}
      </ul>
      {next && <Button onClick={() => void more()}>{say('more')}</Button>}
    </div>
  )
}

interface Page {
  readonly pictures: readonly Saved[]
  readonly next?: string
}

function usePictures(text: string): Page & { readonly more: () => Promise<unknown> } {
  const [page, setPage] = useState<Page>({ pictures: [] })
  const saved = useStore(runs, ({ runs: all }) => {
    let count = 0
    for (const run of all.values()) count += run.pictures.length
    return count
  })
  const fetchPage = (before?: string) => {
    const query = new URLSearchParams({ ...(text && { text }), ...(before && { before }) })
    return api.get<Page>(`/api/pictures?${query}`)
  }
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked again when one more was saved
  useEffect(() => {
    const timer = setTimeout(() => void told(async () => setPage(await fetchPage())), 200)
    return () => clearTimeout(timer)
  }, [text, saved])
  const more = () =>
    told(async () => {
      const added = await fetchPage(page.next)
      setPage({ ...added, pictures: [...page.pictures, ...added.pictures] })
    })
  return { ...page, more }
}
