import { useEffect, useState } from 'react'
import { useStore } from 'zustand'
import { view } from '../graph/view.ts'
import { hardware, problems, surface } from '../state/stores.ts'
import { shellWords } from '../words/shell.ts'
import { useWords } from '../words/words.ts'
import { runAction } from './actions.ts'
import styles from './app.module.css'
import { printBytes } from './print.ts'
import { useWorkflow } from './use-document.ts'

/** Problems, the size of the graph, zoom and the meter. */
export function StatusBar() {
  const say = useWords(shellWords)
  const { problems: found, checking } = useStore(problems)
  const workflow = useWorkflow()
  const count = found.length
  const text = count === 1 ? say('problemOne') : say('problemsCount', { count })
  return (
    <footer className={styles.status}>
      <button
        type="button"
        className={styles.statusButton}
        data-tone={count > 0 ? 'bad' : undefined}
        onClick={() => surface.setState({ panel: 'problems' })}
      >
        {count > 0 ? text : say('problemsNone')}
      </button>
      {checking && <span>{say('checking')}</span>}
      {workflow && <span>{say('nodesCount', { count: Object.keys(workflow.nodes).length })}</span>}
      <span className={styles.grow} />
      <Meter />
      <Zoom />
    </footer>
  )
}

function Zoom() {
  const say = useWords(shellWords)
  const [percent, setPercent] = useState(100)
  useEffect(() => {
    const timer = setInterval(() => setPercent(Math.round(view.state().k * 100)), 250)
    return () => clearInterval(timer)
  }, [])
  return (
    <button type="button" className={styles.statusButton} onClick={() => runAction('zoomFull')}>
      {say('zoom', { percent })}
    </button>
  )
}

/** The meter of memory and graphics cards. */
function Meter() {
  const say = useWords(shellWords)
  const now = useStore(hardware, (state) => state.now)
  if (!now) return null
  return (
    <>
      {now.gpus.map(({ name, use, memoryUsed, memoryTotal, temperature }) => (
        <span key={name} title={name}>
          {[
            use !== undefined && say('gpu', { use: Math.round(use * 100) }),
            memoryUsed !== undefined &&
              memoryTotal !== undefined &&
              say('gpuMemory', { used: printBytes(memoryUsed), total: printBytes(memoryTotal) }),
            temperature !== undefined && say('temperature', { degrees: Math.round(temperature) }),
          ]
            .filter(Boolean)
            .join(' · ')}
        </span>
      ))}
      <span>{say('memory', { used: printBytes(now.memory.rss) })}</span>
    </>
  )
}
