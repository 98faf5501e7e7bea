import { ChevronRight } from 'lucide-react'
import { Fragment, useEffect } from 'react'
import { useStore } from 'zustand'
import { openGraph } from '../graph/open-graph.ts'
import { goTo } from '../graph/subgraph-commands.ts'
import { surface } from '../state/stores.ts'
import { shellWords } from '../words/shell.ts'
import { subgraphWords } from '../words/subgraphs.ts'
import { useWords } from '../words/words.ts'
import styles from './banner.module.css'
import { Button } from './ui/index.ts'
import { nameOf, useActive, useWorkflow } from './use-document.ts'

/** The subgraphs that the canvas has gone into, from the root; each is a way back. */
export function Breadcrumbs() {
  const say = useWords(subgraphWords)
  const shell = useWords(shellWords)
  const document = useActive()
  const root = useWorkflow()
  const path = useStore(surface, (state) => state.path)
  const depth = root ? openGraph(root, path).depth : 0
  useEffect(() => {
    // An undo, or somebody else, took away what the canvas was in.
    if (depth < path.length) goTo(path.slice(0, depth))
  }, [depth, path])
  if (!document || !root || path.length === 0) return null
  const steps = path.slice(0, depth).map((instance, index) => {
    const { workflow } = openGraph(root, path.slice(0, index))
    const layout = workflow.layout?.[instance] as { title?: string } | undefined
    return layout?.title ?? workflow.nodes[instance]?.subgraph ?? instance
  })
  return (
    <nav className={styles.path} aria-label={say('path')}>
      {[nameOf(document) ?? shell('untitled'), ...steps].map((name, index) => (
        <Fragment key={path.slice(0, index).join(':')}>
          {index > 0 && <ChevronRight size={14} aria-hidden />}
          <Button
            small
            tone="quiet"
            aria-current={index === depth ? 'location' : undefined}
            onClick={() => goTo(path.slice(0, index))}
          >
            {name}
          </Button>
        </Fragment>
      ))}
    </nav>
  )
}
