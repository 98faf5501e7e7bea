import { useEffect, useState } from 'react'
import type { TemplateInfo } from '../../../engine/protocol/documents.ts'
import { api, encodeName } from '../../link/api.ts'
import { told } from '../../shell/deeds.ts'
import { EmptyState } from '../../shell/ui/index.ts'
import { newTab } from '../../state/tabs.ts'
import type { Workflow } from '../../state/types.ts'
import { panelWords } from '../../words/panels.ts'
import { useWords } from '../../words/words.ts'
import styles from '../panels.module.css'

/** Finished workflows to begin with, each opened as a new document. */
export function Templates() {
  const say = useWords(panelWords)
  const [list, setList] = useState<readonly TemplateInfo[]>()
  useEffect(() => {
    api.templates().then(
      ({ templates }) => setList(templates),
      () => setList([]),
    )
  }, [])
  const start = (name: string) =>
    told(async () => {
      const path = `/api/templates/${encodeName(name)}`
      newTab((await api.get<{ workflow: Workflow }>(path)).workflow)
    })
  if (list?.length === 0) return <EmptyState title={say('noTemplates')} />
  return (
    <div className={styles.templates}>
      {list?.map(({ name, title, description, picture }) => (
        <button
          key={name}
          type="button"
          className={styles.template}
          title={say('startWith', { name: title })}
          onClick={() => void start(name)}
        >
          {picture && (
            <img
              src={api.address(picture)}
              alt=""
              loading="lazy"
              decoding="async"
              onError={({ currentTarget }) => {
                currentTarget.hidden = true
              }}
            />
          )}
          <strong>{title}</strong>
          <small>{description}</small>
        </button>
      ))}
    </div>
  )
}

/** The side panel of templates. */
export function Panel() {
  return (
    <div className={styles.body}>
      <Templates />
    </div>
  )
}
