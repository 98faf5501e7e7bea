import { useEffect, useState } from 'react'
import type { Lineage } from '../../../engine/protocol/library.ts'
import { api } from '../../link/api.ts'
import { panelWords } from '../../words/panels.ts'
import { useWords } from '../../words/words.ts'
import { savedPicture, type ViewedPicture } from './open.ts'
import styles from './viewer.module.css'

/** What a picture came from and what came from it; pictures in it can be gone to. */
export function LineageView({
  file,
  onPicture,
}: {
  readonly file: string
  readonly onPicture: (picture: ViewedPicture) => void
}) {
  const say = useWords(panelWords)
  const [lineage, setLineage] = useState<Lineage>()
  const [centre, setCentre] = useState(`output:${file}`)
  useEffect(() => setCentre(`output:${file}`), [file])
  useEffect(() => {
    const path = `/api/lineage?id=${encodeURIComponent(centre)}`
    api.get<Lineage>(path).then(setLineage, () => setLineage(undefined))
  }, [centre])
  if (!lineage || lineage.nodes.length < 2) return null
  const go = (id: string) => {
    if (id.startsWith('output:')) onPicture(savedPicture(id.slice('output:'.length)))
    else setCentre(id)
  }
  const line = (id: string) => {
    const title = lineage.nodes.find((node) => node.id === id)?.title ?? id
    if (id === centre) return <strong>{title}</strong>
    return (
      <button type="button" className={styles.link} onClick={() => go(id)}>
        {title}
      </button>
    )
  }
  const ends = new Set(lineage.links.map(({ to }) => to))
  const begins = lineage.nodes.filter(({ id }) => !ends.has(id))
  const branch = (id: string, above: ReadonlySet<string>) => {
    const next = lineage.links.filter(({ from, to }) => from === id && !above.has(to))
    return (
      <li key={id}>
        {line(id)}
        {next.length > 0 && <ul>{next.map(({ to }) => branch(to, new Set([...above, to])))}</ul>}
      </li>
    )
  }
  return (
    <section aria-label={say('lineage')}>
      <h3>{say('lineage')}</h3>
      <ul className={styles.tree}>{begins.map(({ id }) => branch(id, new Set([id])))}</ul>
    </section>
  )
}
