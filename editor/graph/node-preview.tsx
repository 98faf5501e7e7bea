import { useStore } from 'zustand'
import type { NodeStatus } from '../../engine/protocol/runs.ts'
import { openViewer, wirePictures } from '../panels/viewer/open.ts'
import { innerOf } from '../state/run-summary.ts'
import { previews } from '../state/stores.ts'
import { graphWords } from '../words/graph.ts'
import { useWords } from '../words/words.ts'
import { bodiesOf } from './bodies.ts'
import styles from './graph.module.css'
import type { NodeItem } from './scene.ts'
import { useController, useShownRun } from './use-controller.ts'

/** Pictures of a batch that are drawn below a node; the viewer has all. */
const mostPictures = 9

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
  const node = innerOf(status, prefix() + item.id)
  const live = useStore(previews, ({ urls }) => urls.get(`${run} ${node}`))
  if (run === undefined || (item.info && bodiesOf(item.info).length > 0)) return null
  const made = Object.entries(status?.values ?? {}).find(([, { pictures = 0 }]) => pictures > 0)
  const kept = made ? wirePictures(run, node, made[0], made[1].pictures ?? 0) : []
  const alt = say('preview', { id: item.id })
  const width = item.shape.width
  if (status?.state === 'running' || kept.length === 0) {
    if (live === undefined) return null
    return <img className={styles.preview} style={{ width }} src={live} alt={alt} />
  }
  const columns = Math.ceil(Math.sqrt(Math.min(kept.length, mostPictures)))
  return (
    <div className={styles.made} style={{ width, gridTemplateColumns: `repeat(${columns}, 1fr)` }}>
      {kept.slice(0, mostPictures).map(({ address, name }, index) => (
        <button
          key={address}
          type="button"
          aria-label={alt}
          title={name}
          onPointerDown={(event) => event.stopPropagation()}
          onClick={() => openViewer(kept, index)}
        >
          <img src={address} alt="" loading="lazy" decoding="async" draggable={false} />
        </button>
      ))}
    </div>
  )
}

/** Where the server has the first picture of an output. */
export function pictureAddress(run: string, node: string, output: string): string {
  return wirePictures(run, node, output, 1)[0]!.address
}
