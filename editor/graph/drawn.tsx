import { useState, useSyncExternalStore } from 'react'
import { useStore } from 'zustand'
import { setLayout } from '../state/commands/index.ts'
import { selection } from '../state/stores.ts'
import { graphWords } from '../words/graph.ts'
import { useWords } from '../words/words.ts'
import styles from './graph.module.css'
import { edit } from './open-graph.ts'
import type { DrawnItem } from './scene.ts'
import { useController } from './use-controller.ts'

/** Frames and notes, below the nodes. */
export function Drawn() {
  const { scene } = useController()
  const drawn = useSyncExternalStore(scene.follow, () => scene.drawn)
  return [...drawn.values()].map((item) => <Item key={item.id} item={item} />)
}

function Item({ item: { id, layout } }: { readonly item: DrawnItem }) {
  const { scene } = useController()
  const say = useWords(graphWords)
  const selected = useStore(selection, ({ ids }) => ids.has(id))
  const [editing, setEditing] = useState(false)
  const { x, y } = scene.moved.get(id) ?? layout
  const isFrame = layout.kind === 'frame'
  const text = isFrame ? layout.title : layout.text
  const keep = (value: string) => {
    setEditing(false)
    if (value === text) return
    const part = isFrame ? { title: value } : { text: value }
    edit(say('rename'), (workflow) => setLayout(workflow, id, part))
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: it is moved as a whole.
    <div
      className={isFrame ? styles.frame : styles.note}
      data-drawn={id}
      data-selected={selected || undefined}
      role="group"
      aria-label={text || id}
      onDoubleClick={(event) => {
        event.stopPropagation()
        setEditing(true)
      }}
      style={
        {
          width: layout.width,
          height: layout.height,
          transform: `translate(${x}px,${y}px)`,
          ...(layout.colour && { '--node-colour': layout.colour }),
        } as object
      }
    >
      {isFrame ? (
        <div className={styles.frameTitle}>
          {editing ? (
            <input
              ref={(element) => element?.focus()}
              aria-label={say('titleOf', { id })}
              defaultValue={text}
              onBlur={(event) => keep(event.target.value)}
              onKeyDown={(event) => {
                if (event.key === 'Enter' && !event.nativeEvent.isComposing) {
                  keep(event.currentTarget.value)
                }
              }}
            />
          ) : (
            text
          )}
        </div>
      ) : editing ? (
        <textarea
          ref={(element) => element?.focus()}
          aria-label={say('textOf', { id })}
          defaultValue={text}
          onBlur={(event) => keep(event.target.value)}
        />
      ) : (
        text
      )}
      <span className={styles.resize} data-resize />
    </div>
  )
}
