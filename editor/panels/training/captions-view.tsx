import { useMemo, useState } from 'react'
import { api, encodeName } from '../../link/api.ts'
import { Button } from '../../shell/ui/index.ts'
import { notify } from '../../state/stores.ts'
import { trainingWords } from '../../words/training.ts'
import { useWords } from '../../words/words.ts'
import { countTags, withoutTag, withTag } from './tags.ts'
import styles from './training.module.css'
import type { OpenDataset } from './use-dataset.ts'

/** Words shown of the statistics. */
const mostTags = 60

/** Captions of a folder: each in a box, all at once by words, with how often a word occurs. */
export function CaptionsView({ dataset, folder }: { dataset: OpenDataset; folder: string }) {
  const say = useWords(trainingWords)
  const [changed, setChanged] = useState<ReadonlyMap<string, string>>(new Map())
  const [tag, setTag] = useState('')
  const { reply, busy } = dataset
  const captions = useMemo(() => {
    const stored = (reply?.entries ?? []).map(({ file, caption = '' }) => [file, caption] as const)
    return new Map(stored.map(([file, caption]) => [file, changed.get(file) ?? caption]))
  }, [reply, changed])
  const tags = useMemo(() => countTags(captions.values()), [captions])
  if (!reply) return null

  const change = (next: Iterable<readonly [string, string]>) => {
    const stored = new Map(reply.entries.map(({ file, caption = '' }) => [file, caption]))
    const all = new Map([...changed, ...next])
    setChanged(new Map([...all].filter(([file, caption]) => stored.get(file) !== caption)))
  }
  const changeAll = (edit: (caption: string, tag: string) => string) =>
    change([...captions].map(([file, caption]) => [file, edit(caption, tag)] as const))
  const save = async () => {
    const { size } = changed
    if (!(await dataset.save(Object.fromEntries(changed)))) return
    setChanged(new Map())
    notify(say('saved', { count: size }), 'good')
  }

  return (
    <div className={styles.captions}>
      <div className={styles.controls}>
        <input
          aria-label={say('tag')}
          value={tag}
          onChange={({ target }) => setTag(target.value)}
        />
        <Button small disabled={!tag.trim()} onClick={() => changeAll((c, t) => withTag(c, t))}>
          {say('addTag')}
        </Button>
        <Button small disabled={!tag.trim()} onClick={() => changeAll(withoutTag)}>
          {say('removeTag')}
        </Button>
        <Button small tone="main" disabled={busy || changed.size === 0} onClick={() => void save()}>
          {say('saveCaptions', { count: changed.size })}
        </Button>
      </div>
      <section aria-label={say('tags')}>
        <ul className={styles.tags}>
          {tags.slice(0, mostTags).map(({ tag: one, count }) => (
            <li key={one}>
              <button
                type="button"
                aria-label={say('tagCount', { tag: one, count, all: captions.size })}
                onClick={() => setTag(one)}
              >
                {one} <b>{count}</b>
              </button>
            </li>
          ))}
        </ul>
      </section>
      <ul className={styles.rows}>
        {[...captions].map(([file, caption]) => (
          <li key={file} data-changed={changed.has(file)}>
            <img
              src={api.address(`/api/library/input/thumbnail/${encodeName(`${folder}/${file}`)}`)}
              alt=""
              loading="lazy"
              decoding="async"
            />
            <textarea
              rows={2}
              value={caption}
              aria-label={say('caption', { file })}
              onChange={({ target }) => change([[file, target.value]])}
            />
          </li>
        ))}
      </ul>
    </div>
  )
}
