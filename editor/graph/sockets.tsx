import { memo } from 'react'
import { graphWords } from '../words/graph.ts'
import { labelOf } from '../words/nodes.ts'
import { useWords } from '../words/words.ts'
import { typeColour, typeLook } from './colours.ts'
import styles from './graph.module.css'
import type { PlacedSocket } from './metrics.ts'
import type { NodeItem } from './scene.ts'
import { useController } from './use-controller.ts'

/** Dots and names of all sockets of a node. */
export const Sockets = memo(function Sockets({ item }: { readonly item: NodeItem }) {
  const { shape, layout, id, entry } = item
  const bare = layout.collapsed || entry.type === 'reroute'
  return (
    <>
      {shape.sockets.map((socket) => (
        <Socket
          key={`${socket.side}.${socket.name}`}
          node={id}
          socket={socket}
          named={!bare && socket.param === undefined}
          linked={socket.side === 'in' && Object.hasOwn(entry.inputs ?? {}, socket.name)}
        />
      ))}
    </>
  )
})

function Socket({
  node,
  socket,
  named,
  linked,
}: {
  readonly node: string
  readonly socket: PlacedSocket
  readonly named: boolean
  readonly linked: boolean
}) {
  const { wiring } = useController()
  const say = useWords(graphWords)
  const { side, name, type, x, y, description } = socket
  const key = `${node}.${side}.${name}`
  const fit = wiring?.fits.get(key)
  const about = say(side === 'in' ? 'input' : 'output', { name, type })
  return (
    <>
      <span
        className={styles.dot}
        data-socket={key}
        data-look={typeLook(type)}
        data-optional={socket.optional || undefined}
        data-free={socket.free || undefined}
        data-linked={linked || undefined}
        data-fits={fit?.fits || undefined}
        title={description ? `${about}\n${description}` : about}
        style={{ left: x, top: y, '--type': typeColour(type) } as object}
      />
      {named && (
        <span className={side === 'in' ? styles.inName : styles.outName} style={{ top: y }}>
          {labelOf(name)}
        </span>
      )}
    </>
  )
}
