import { memo } from 'react'
import type { NodeStatus } from '../../engine/protocol/runs.ts'
import { setLayout } from '../state/commands/index.ts'
import { graphWords } from '../words/graph.ts'
import { titleOf } from '../words/nodes.ts'
import { useWords } from '../words/words.ts'
import styles from './graph.module.css'
import { edit } from './open-graph.ts'
import type { NodeItem } from './scene.ts'

/** Title, state and progress of a node. */
export const NodeHeader = memo(function NodeHeader({
  item,
  status,
  wrong,
}: {
  readonly item: NodeItem
  readonly status: NodeStatus | undefined
  readonly wrong: number
}) {
  const say = useWords(graphWords)
  const { id, entry, info, layout } = item
  const title = layout.title ?? titleOf(entry.type, info?.title ?? entry.type)
  const part = status?.state === 'running' && status.steps ? (status.step ?? 0) / status.steps : 0
  return (
    <div className={styles.header} data-handle title={info?.description}>
      <button
        type="button"
        className={styles.fold}
        tabIndex={-1}
        aria-label={layout.collapsed ? say('expand') : say('collapse')}
        aria-expanded={!layout.collapsed}
        onClick={() =>
          edit(say('collapsed'), (workflow) =>
            setLayout(workflow, id, { collapsed: layout.collapsed ? undefined : true }),
          )
        }
      >
        {layout.collapsed ? '▸' : '▾'}
      </button>
      <span className={styles.title}>{title}</span>
      {entry.mode && <span className={styles.mode}>{say(entry.mode)}</span>}
      {wrong > 0 && (
        <span className={styles.wrong} title={say('problems', { count: wrong })}>
          !{wrong}
        </span>
      )}
      {status && <Badge status={status} />}
      {part > 0 && (
        <span className={styles.progress} style={{ transform: `scaleX(${part})` }} aria-hidden />
      )}
    </div>
  )
})

const marks: Readonly<Record<NodeStatus['state'], string>> = {
  waiting: '…',
  running: '●',
  done: '✓',
  cached: '↺',
  failed: '✕',
  skipped: '–',
  cancelled: '–',
}

function Badge({ status }: { readonly status: NodeStatus }) {
  const say = useWords(graphWords)
  const { state, step, steps, secondsLeft, seconds, error, note } = status
  const about = [
    say(state),
    step !== undefined && steps && !('inner' in status) && say('stepOf', { step, steps }),
    secondsLeft !== undefined && say('left', { seconds: rounded(secondsLeft) }),
    seconds !== undefined && say('took', { seconds: rounded(seconds) }),
    note,
    error,
  ].filter((text) => typeof text === 'string')
  const shown =
    'inner' in status && state === 'running' && steps
      ? say('percent', { percent: Math.round((100 * (step ?? 0)) / steps) })
      : state === 'running' && steps
        ? `${step ?? 0}/${steps}${secondsLeft === undefined ? '' : ` ${rounded(secondsLeft)} s`}`
        : state === 'done' && seconds !== undefined
          ? `${rounded(seconds)} s`
          : ''
  return (
    <span className={styles.badge} data-badge={state} title={about.join('\n')}>
      {shown} {marks[state]}
    </span>
  )
}

function rounded(seconds: number): string {
  return seconds < 10 ? seconds.toFixed(1) : `${Math.round(seconds)}`
}
