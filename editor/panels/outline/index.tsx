import { Plus, Trash2 } from 'lucide-react'
import type { KeyboardEvent } from 'react'
import { useStore } from 'zustand'
import { edit, openGraph } from '../../graph/open-graph.ts'
import { view } from '../../graph/view.ts'
import { openSearch } from '../../shell/deeds.ts'
import { Button, EmptyState, IconButton } from '../../shell/ui/index.ts'
import { useActive, useWorkflow } from '../../shell/use-document.ts'
import { removeItems } from '../../state/commands/index.ts'
import { flowOrder } from '../../state/shapes.ts'
import { catalogue, selection, surface } from '../../state/stores.ts'
import { infoOf } from '../../state/subgraphs.ts'
import type { NodeInfo, Workflow } from '../../state/types.ts'
import { titleOf } from '../../words/nodes.ts'
import { panelWords } from '../../words/panels.ts'
import { useWords } from '../../words/words.ts'
import styles from '../panels.module.css'
import { InputPick } from './input-pick.tsx'
import { Params } from './params.tsx'

/** The graph as a tree in the order it runs: everything can be done here by keyboard. */
export function Panel() {
  const say = useWords(panelWords)
  const document = useActive()
  const root = useWorkflow()
  const path = useStore(surface, (state) => state.path)
  const infos = useStore(catalogue, ({ nodes }) => nodes)
  const workflow = root && openGraph(root, path).workflow
  const order = workflow ? flowOrder(workflow) : []
  return (
    <div className={styles.body}>
      <Button icon={<Plus size={15} />} disabled={!document} onClick={() => openSearch()}>
        {say('addNode')}
      </Button>
      {workflow && order.length > 0 ? (
        <div className={styles.tree} role="tree" aria-label={say('outline')} onKeyDown={walk}>
          {order.map((id, index) => (
            <Node
              key={id}
              id={id}
              first={index === 0}
              workflow={workflow}
              info={infoOf(root, workflow.nodes[id]!, infos)}
            />
          ))}
        </div>
      ) : (
        <EmptyState title={say('noNodes')} />
      )}
    </div>
  )
}

function Node(props: {
  readonly id: string
  readonly first: boolean
  readonly workflow: Workflow
  readonly info: NodeInfo | undefined
}) {
  const { id, first, workflow, info } = props
  const say = useWords(panelWords)
  const open = useStore(selection, ({ ids }) => ids.has(id))
  const entry = workflow.nodes[id]!
  const name = `${titleOf(entry.type, info?.title)} · ${id}`
  const toggle = () => {
    selection.setState({ ids: new Set(open ? [] : [id]), links: new Set() })
    if (!open) view.centre(id)
  }
  return (
    <div
      role="treeitem"
      aria-expanded={open}
      aria-selected={open}
      tabIndex={first ? 0 : -1}
      onKeyDown={(event) => {
        if (event.target !== event.currentTarget) return
        const wanted = { ArrowRight: !open, ArrowLeft: open, Enter: true, ' ': true }[event.key]
        if (wanted) {
          event.preventDefault()
          toggle()
        }
        if (event.key === 'Delete')
          edit(say('remove', { name: id }), (now) => removeItems(now, [id]))
      }}
    >
      <div className={styles.node}>
        <button type="button" tabIndex={open ? 0 : -1} onClick={toggle}>
          {name}
        </button>
        <IconButton
          label={say('remove', { name: id })}
          tabIndex={open ? 0 : -1}
          onClick={() => edit(say('remove', { name: id }), (now) => removeItems(now, [id]))}
        >
          <Trash2 size={14} />
        </IconButton>
      </div>
      {open && info && (
        <>
          <InputPick id={id} entry={entry} info={info} workflow={workflow} />
          <Params id={id} entry={entry} info={info} />
        </>
      )}
    </div>
  )
}

/** Arrows go from node to node. */
function walk(event: KeyboardEvent<HTMLDivElement>): void {
  if (!(event.target instanceof HTMLElement) || event.target.role !== 'treeitem') return
  const items = [...event.currentTarget.children].filter((item) => item instanceof HTMLElement)
  const at = items.indexOf(event.target)
  const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key]
  if (next === undefined) return
  event.preventDefault()
  items[next]?.focus()
}
