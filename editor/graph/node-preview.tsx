import { useStore } from 'zustand'
import type { NodeStatus } from '../../engine/protocol/runs.ts'
import { previews } from '../state/stores.ts'
import { graphWords } from '../words/graph.ts'
import { useWords } from '../words/words.ts'
import { bodiesOf } from './bodies.ts'
import styles from './graph.module.css'
import type { NodeItem } from './scene.ts'
import { useController, useShownRun } from './use-controller.ts'

/** What a running node is drawing, hung below it; then the picture that it made. */
export function NodePreview({
  item,
  status,
}: {
  readonly item: NodeItem
  readonly status: NodeStatus | undefined
}) {
  const { prefix } = useController()
  const say = useWords(graphWords)
  const run = useShownRun()
  const node = prefix() + item.id
  const live = useStore(previews, ({ urls }) => urls.get(`${run} ${node}`))
  if (run === undefined || (item.info && bodiesOf(item.info).length > 0)) return null
  const made = Object.entries(status?.values ?? {}).find(([, { pictures = 0 }]) => pictures > 0)
  const kept = made && pictureAddress(run, node, made[0])
  const source = status?.state === 'running' ? live : (kept ?? live)
  if (source === undefined) return null
  return (
    <img
      className={styles.preview}
      style={{ width: item.shape.width }}
      src={source}
      alt={say('preview', { id: item.id })}
      loading="lazy"
      decoding="async"
      draggable={false}
    />
  )
}

/** Where the server has the first picture of an output. */
export function pictureAddress(run: string, node: string, output: string): string {
  return `/api/runs/${[run, 'values', node, output, '0'].map(encodeURIComponent).join('/')}`
}
