import { CircleCheck } from 'lucide-react'
import { useState } from 'react'
import { useStore } from 'zustand'
import type { Asset } from '../../../engine/protocol/library.ts'
import type { Problem } from '../../../engine/protocol/workflow.ts'
import { view } from '../../graph/view.ts'
import { api } from '../../link/api.ts'
import { told } from '../../shell/deeds.ts'
import { Button, EmptyState } from '../../shell/ui/index.ts'
import { setParam } from '../../state/commands/index.ts'
import { partsOf } from '../../state/ports.ts'
import {
  activeDocument,
  catalogue,
  notify,
  problems,
  selection,
  surface,
} from '../../state/stores.ts'
import { panelWords } from '../../words/panels.ts'
import { useWords } from '../../words/words.ts'
import styles from '../panels.module.css'

/** What the check says; a click shows the node. */
export function Panel() {
  const say = useWords(panelWords)
  const found = useStore(problems, (state) => state.problems)
  return (
    <div className={styles.body}>
      {found.length === 0 && (
        <EmptyState icon={<CircleCheck size={28} />} title={say('noProblems')} />
      )}
      <ul className={styles.list}>
        {found.map((problem) => (
          <Line key={`${problem.node} ${problem.message}`} problem={problem} />
        ))}
      </ul>
    </div>
  )
}

function Line({ problem }: { readonly problem: Problem }) {
  const say = useWords(panelWords)
  const [offers, setOffers] = useState<readonly Asset[]>([])
  const { node, param, message, code } = problem
  const folder = fileFolder(problem)
  const go = () => node !== undefined && show(node)
  async function resolve() {
    if (node === undefined || param === undefined || folder === undefined) return
    const name = String(activeDocument().workflow.nodes[node]?.params?.[param] ?? '')
    await told(async () => {
      const { assets } = await api.post<{ assets: Asset[] }>(`/api/library/${folder}/resolve`, {
        name,
      })
      setOffers(assets)
      if (assets.length === 0) notify(say('noMatch', { name }), 'bad')
    })
  }
  return (
    <li className={styles.card}>
      <p className={styles.bad}>{message}</p>
      <div className={styles.row}>
        {node !== undefined && (
          <Button small onClick={go}>
            {say('showNode')} {node}
          </Button>
        )}
        {code === 'unknown-file' && folder && (
          <Button small onClick={() => void resolve()}>
            {say('resolve')}
          </Button>
        )}
        {offers.map(({ name }) => (
          <Button
            key={name}
            small
            tone="main"
            onClick={() => {
              const document = activeDocument()
              if (node === undefined || param === undefined) return
              const label = say('use', { name })
              document.transact(label, setParam(document.workflow, node, param, name))
            }}
          >
            {say('use', { name })}
          </Button>
        ))}
      </div>
    </li>
  )
}

function fileFolder({ node, param }: Problem): string | undefined {
  if (node === undefined || param === undefined) return undefined
  const info = catalogue.getState().nodes.get(activeDocument().workflow.nodes[node]?.type ?? '')
  const base = info && partsOf(info, param)?.base
  const list = [...(info?.params ?? []), ...(info?.repeat?.params ?? [])]
  return list.find(({ name }) => name === base)?.file
}

/** Selects a node by the id that the check gives: `instance:node` inside subgraphs. */
function show(place: string): void {
  const path = place.split(':')
  const id = path.pop() ?? place
  surface.setState({ path })
  selection.setState({ ids: new Set([id]), links: new Set() })
  requestAnimationFrame(() => {
    view.centre(id)
    view.focus(id)
  })
}
