import { useEffect, useRef, useState } from 'react'
import { useStore } from 'zustand'
import { createStore } from 'zustand/vanilla'
import { fitting } from '../state/fits.ts'
import { catalogue, notify } from '../state/stores.ts'
import { graphWords } from '../words/graph.ts'
import { say, useWords } from '../words/words.ts'
import type { Controller } from './controller.ts'
import { socketOf } from './gestures.ts'
import styles from './graph.module.css'
import { useController } from './use-controller.ts'
import { link } from './wiring.ts'

interface Choice {
  readonly key: string
  readonly label: string
}

/** Linking by the keyboard: first a socket of the node, then one that fits it. */
const list = createStore<{
  readonly node: string | undefined
  readonly from: string | undefined
  readonly choices: readonly Choice[]
}>(() => ({ node: undefined, from: undefined, choices: [] }))

/** Opens the list of the sockets of a node. */
export function openConnectList({ scene }: Controller, node: string): void {
  const sockets = scene.nodes.get(node)?.shape.sockets ?? []
  const outputs = sockets.filter(({ side }) => side === 'out')
  const inputs = sockets.filter(({ side }) => side === 'in')
  const choices = [...outputs, ...inputs].map(({ side, name, type }) => ({
    key: `${node}.${side}.${name}`,
    label: say(graphWords)(side === 'in' ? 'input' : 'output', { name, type }),
  }))
  list.setState({ node, from: undefined, choices })
}

function choose(key: string, from: string | undefined, { scene }: Controller): boolean {
  if (from === undefined) {
    const { place, side } = socketOf(key)
    const fits = fitting(
      scene.workflow,
      catalogue.getState().nodes,
      place,
      side === 'in' ? 'input' : 'output',
    )
    const choices = [...fits]
      .filter(([, fit]) => fit.fits)
      .map(([name]) => ({ key: name, label: name.replace(/\.(in|out)\./, ' · ') }))
    if (choices.length === 0) notify(say(graphWords)('nothingFits', { from: key }), 'bad')
    list.setState({ from: key, choices })
    return choices.length === 0
  }
  const start = socketOf(from)
  const end = socketOf(key)
  if (start.side === 'out') link(start.place, end.place)
  else link(end.place, start.place)
  return true
}

/** The list while it is open. */
export function ConnectList() {
  const { node, from, choices } = useStore(list)
  return node === undefined ? null : (
    <OpenList key={from ?? ''} node={node} from={from} choices={choices} />
  )
}

function OpenList({
  node,
  from,
  choices,
}: {
  readonly node: string
  readonly from: string | undefined
  readonly choices: readonly Choice[]
}) {
  const controller = useController()
  const words = useWords(graphWords)
  const [place, setPlace] = useState(0)
  const element = useRef<HTMLDivElement>(null)
  const box = controller.scene.nodes.get(node)?.box
  const { left, top } = controller.container.getBoundingClientRect()
  const at = controller.view.toScreen({ x: (box?.x ?? 0) + (box?.width ?? 0), y: box?.y ?? 0 })
  const title = from === undefined ? words('startLink', { id: node }) : words('choose', { from })
  useEffect(() => element.current?.focus(), [])
  const close = () => {
    list.setState({ node: undefined, from: undefined, choices: [] })
    controller.view.focus(node)
  }
  const take = (key: string | undefined) => {
    if (key === undefined || choose(key, from, controller)) close()
  }
  const moves: Readonly<Record<string, () => void>> = {
    ArrowDown: () => setPlace((now) => Math.min(choices.length - 1, now + 1)),
    ArrowUp: () => setPlace((now) => Math.max(0, now - 1)),
    Home: () => setPlace(0),
    End: () => setPlace(choices.length - 1),
    Enter: () => take(choices[place]?.key),
    Escape: close,
    Tab: close,
  }
  return (
    <div
      className={styles.list}
      data-over
      style={{ left: Math.max(8, at.x - left + 8), top: Math.max(8, at.y - top) }}
    >
      <div className={styles.listTitle}>{title}</div>
      <div
        ref={element}
        role="listbox"
        aria-label={title}
        aria-activedescendant={choices[place] && `socket-${choices[place].key}`}
        tabIndex={0}
        style={{ margin: 0, padding: 0, listStyle: 'none', outline: 'none' }}
        onKeyDown={(event) => {
          const act = moves[event.key]
          if (!act) return
          event.preventDefault()
          event.stopPropagation()
          act()
        }}
      >
        {choices.map(({ key, label }, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the list has the keyboard.
          <div
            key={key}
            id={`socket-${key}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === place}
            onClick={() => take(key)}
          >
            {label}
          </div>
        ))}
      </div>
    </div>
  )
}
