import { memo, useCallback, useRef } from 'react'
import { useStore } from 'zustand'
import type { NodeStatus } from '../../engine/protocol/runs.ts'
import { setParam } from '../state/commands/index.ts'
import { settings } from '../state/settings.ts'
import { problems, selection } from '../state/stores.ts'
import type { Json } from '../state/types.ts'
import { ParamWidget } from '../widgets/param-widget.tsx'
import { graphWords } from '../words/graph.ts'
import { labelOf as nameShown, titleOf } from '../words/nodes.ts'
import { type Say, useWords } from '../words/words.ts'
import { bodiesOf } from './bodies.ts'
import styles from './graph.module.css'
import type { PlacedParam } from './metrics.ts'
import { NodeHeader } from './node-header.tsx'
import { NodePreview } from './node-preview.tsx'
import { edit } from './open-graph.ts'
import type { NodeItem } from './scene.ts'
import { Sockets } from './sockets.tsx'
import { useController, useNode, useStatus } from './use-controller.ts'

/** One node on the canvas, in the place that its layout says. */
export const CanvasNode = memo(function CanvasNode({ id }: { readonly id: string }) {
  const controller = useController()
  const item = useNode(id)
  const status = useStatus(id)
  const selected = useStore(selection, ({ ids }) => ids.has(id))
  const wrong = useStore(
    problems,
    (state) => state.problems.filter(({ node }) => node === controller.prefix() + id).length,
  )
  const say = useWords(graphWords)
  if (!item) return null
  const { entry, shape, layout } = item
  const { x, y } = controller.scene.moved.get(id) ?? item.box
  const small = entry.type === 'reroute'
  return (
    // biome-ignore lint/a11y/useSemanticElements: a group of widgets that is moved as a whole.
    <div
      ref={(element) => {
        if (element) controller.elements.set(id, element)
        else controller.elements.delete(id)
      }}
      className={styles.node}
      data-node={id}
      data-state={status?.state}
      data-selected={selected || undefined}
      data-mode={entry.mode}
      data-wrong={wrong > 0 || undefined}
      data-small={small || undefined}
      role="group"
      aria-label={labelOf(item, status, say, wrong)}
      tabIndex={-1}
      style={{
        width: shape.width,
        height: shape.height,
        transform: `translate(${x}px,${y}px)`,
        ...(layout.colour && { '--node-colour': layout.colour }),
      }}
    >
      {!small && <NodeHeader item={item} status={status} wrong={wrong} />}
      <Sockets item={item} />
      {!layout.collapsed && !small && <Params item={item} />}
      {!layout.collapsed && !small && <NodePreview item={item} status={status} />}
    </div>
  )
})

const Params = memo(function Params({ item }: { readonly item: NodeItem }) {
  const { id, entry, info, shape } = item
  return (
    <>
      {shape.params.length > 0 && (
        <div className={styles.params} style={{ top: shape.params[0]!.y }} data-params>
          {shape.params.map((param) => (
            <div key={param.name} style={{ height: param.height }}>
              <Param id={id} param={param} value={entry.params?.[param.name] as Json | undefined} />
            </div>
          ))}
        </div>
      )}
      {info && (
        <div className={styles.body} style={{ top: shape.bodyTop }} data-body>
          {bodiesOf(info).map(({ height, Component }, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the order of registration is fixed.
            <div key={index} style={{ height: height(entry, info) }}>
              <Component node={id} />
            </div>
          ))}
        </div>
      )}
    </>
  )
})

function Param({ id, param, value }: ParamProps) {
  const gesture = useRef(0)
  const { name, info, linked } = param
  const language = useStore(settings, (state) => state.language)
  // Given anew only with another param, so that widgets are not drawn again for nothing.
  const change = useCallback(
    (next: Json | undefined, phase: 'drag' | 'done') => {
      edit(name, (workflow) => setParam(workflow, id, name, next), {
        merge: `${id}.${name} ${gesture.current}`,
      })
      if (phase === 'done') gesture.current += 1
    },
    [id, name],
  )
  return (
    <ParamWidget
      node={id}
      name={name}
      label={nameShown(name, language)}
      info={info}
      value={value}
      linked={linked}
      onChange={change}
    />
  )
}

interface ParamProps {
  readonly id: string
  readonly param: PlacedParam
  readonly value: Json | undefined
}

function labelOf(
  { id, info, entry, layout }: NodeItem,
  status: NodeStatus | undefined,
  say: Say<keyof typeof graphWords.en & string>,
  wrong: number,
): string {
  const title = layout.title ?? titleOf(entry.type, info?.title ?? entry.type)
  const parts = [title === id ? title : `${title} ${id}`]
  if (entry.mode) parts.push(say(entry.mode))
  if (status) parts.push(say(status.state))
  if (status?.state === 'running' && status.step !== undefined && status.steps) {
    parts.push(say('percent', { percent: Math.round((100 * status.step) / status.steps) }))
  }
  if (wrong > 0) parts.push(say('problems', { count: wrong }))
  return parts.join(', ')
}
