import { useEffect, useRef, useState } from 'react'
import { useStore } from 'zustand'
import type { TemplateInfo } from '../../../engine/protocol/documents.ts'
import { api, encodeName } from '../../link/api.ts'
import { told } from '../../shell/deeds.ts'
import { EmptyState } from '../../shell/ui/index.ts'
import { settings } from '../../state/settings.ts'
import { newTab } from '../../state/tabs.ts'
import type { Workflow } from '../../state/types.ts'
import { panelWords } from '../../words/panels.ts'
import { type Language, useWords } from '../../words/words.ts'
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
  const language = useStore(settings, (state) => state.language)
  const opening = useRef(false)
  // The second press of a double click finds the first under way.
  const start = async (name: string) => {
    if (opening.current) return
    opening.current = true
    await told(async () => {
      const path = `/api/templates/${encodeName(name)}`
      newTab((await api.get<{ workflow: Workflow }>(path)).workflow)
    })
    opening.current = false
  }
  if (list?.length === 0) return <EmptyState title={say('noTemplates')} />
  return (
    <div className={styles.templates}>
      {list?.toSorted(byUse).map(({ name, picture, ...template }) => (
        <button
          key={name}
          type="button"
          className={styles.template}
          title={say('startWith', { name: titleIn(language, template) })}
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
          <strong>{titleIn(language, template)}</strong>
          <small>{(language === 'ja' && template.descriptionJa) || template.description}</small>
        </button>
      ))}
    </div>
  )
}

function titleIn(language: Language, { title, titleJa }: Titled): string {
  return (language === 'ja' && titleJa) || title
}

type Titled = Pick<TemplateInfo, 'title' | 'titleJa'>

/** Those to begin with come first, then those with a picture. */
function byUse(a: TemplateInfo, b: TemplateInfo): number {
  const rank = ({ tags, picture }: TemplateInfo) => (tags.includes('start') ? 0 : picture ? 1 : 2)
  return rank(a) - rank(b)
}

/** The side panel of templates. */
export function Panel() {
  return (
    <div className={styles.body}>
      <Templates />
    </div>
  )
}
