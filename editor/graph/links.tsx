import { memo, useSyncExternalStore } from 'react'
import { useStore } from 'zustand'
import type { NodeStatus } from '../../engine/protocol/runs.ts'
import { statusOf } from '../state/run-summary.ts'
import { settings } from '../state/settings.ts'
import { runs, selection } from '../state/stores.ts'
import { typeColour } from './colours.ts'
import styles from './graph.module.css'
import { linkPath } from './link-path.ts'
import { useController } from './use-controller.ts'

/** All links in sight, in one layer. */
export function Links() {
  const { scene, sight } = useController()
  useSyncExternalStore(scene.follow, () => scene.version)
  const keys = useStore(sight.shown, ({ links }) => links)
  const style = useStore(settings, ({ links }) => links)
  return keys.map((key) => {
    const link = scene.links.get(key)
    const from = link && scene.socketAt(link.from, 'out')
    const to = link && scene.socketAt(link.to, 'in')
    if (!link || !from || !to) return null
    const type = scene.socket(link.from, 'out')?.type ?? 'T'
    return (
      <Link
        key={key}
        name={key}
        source={link.from.node}
        d={linkPath(from, to, style)}
        colour={typeColour(type)}
        quiet={style === 'hidden'}
      />
    )
  })
}

const Link = memo(function Link({
  name,
  source,
  d,
  colour,
  quiet,
}: {
  readonly name: string
  readonly source: string
  readonly d: string
  readonly colour: string
  readonly quiet: boolean
}) {
  const controller = useController()
  const { document, prefix } = controller
  const selected = useStore(selection, ({ links }) => links.has(name))
  const state = useStore(runs, ({ shown, nodes }) => {
    const states = nodes.get(shown.get(document.id) ?? '')
    if (!states) return 'idle'
    const target = name.slice(0, name.indexOf('.'))
    return linkState(statusOf(states, prefix() + source), statusOf(states, prefix() + target))
  })
  return (
    <g
      ref={(group) => {
        if (group) controller.paths.set(name, group)
        else controller.paths.delete(name)
      }}
      className={`${styles.link} ${styles[state] ?? ''}`}
      data-selected={selected || undefined}
      data-quiet={quiet || undefined}
      style={{ '--type': colour } as object}
    >
      <path className={styles.hit} d={d} data-link={name} />
      <path className={styles.line} d={d} />
    </g>
  )
})

/** How a link looks for what is known of its two ends. */
export function linkState(
  source: NodeStatus | undefined,
  target: NodeStatus | undefined,
): 'idle' | 'running' | 'error' | 'cached' | 'done' {
  if (source?.state === 'failed' || target?.state === 'failed') return 'error'
  if (target?.state === 'running') return 'running'
  if (source?.state === 'cached') return 'cached'
  return source?.state === 'done' ? 'done' : 'idle'
}
