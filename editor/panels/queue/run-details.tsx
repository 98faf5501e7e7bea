import { useEffect, useState } from 'react'
import { useStore } from 'zustand'
import type { RunDetail } from '../../../engine/protocol/runs.ts'
import type { ValueSummary } from '../../../engine/protocol/values.ts'
import { api } from '../../link/api.ts'
import { told } from '../../shell/deeds.ts'
import { printSeconds } from '../../shell/print.ts'
import { Button } from '../../shell/ui/index.ts'
import { runs } from '../../state/stores.ts'
import { newTab } from '../../state/tabs.ts'
import type { Workflow } from '../../state/types.ts'
import { labelOf } from '../../words/nodes.ts'
import { panelWords } from '../../words/panels.ts'
import { useWords } from '../../words/words.ts'
import styles from '../panels.module.css'
import { savedPicture, wirePictures } from '../viewer/open.ts'
import { Thumbs } from '../viewer/thumbs.tsx'
import { stateWord } from './state-word.ts'

/** One run: each node with its time and what it gave. */
export function RunDetails({ id, onBack }: { readonly id: string; readonly onBack: () => void }) {
  const say = useWords(panelWords)
  const [run, setRun] = useState<RunDetail>()
  const path = `/api/runs/${encodeURIComponent(id)}`
  const settled = useStore(runs, (state) => {
    const info = state.runs.get(id)
    return `${info?.state} ${info?.nodes?.settled}`
  })
  // biome-ignore lint/correctness/useExhaustiveDependencies: read again as nodes settle
  useEffect(() => {
    void told(async () => setRun(await api.get<RunDetail>(path)))
  }, [path, settled])
  const retry = (from: 'failed' | 'start') => told(() => api.post(`${path}/retry`, { from }))
  const remove = async () => {
    if (await told(() => api.remove(path))) onBack()
  }
  return (
    <div className={styles.body}>
      <div className={styles.row}>
        <Button small onClick={onBack}>
          {say('back')}
        </Button>
        <Button
          small
          disabled={!run}
          onClick={() => run && newTab(run.workflow as unknown as Workflow)}
        >
          {say('openWorkflow')}
        </Button>
        {run?.state === 'failed' && (
          <Button small onClick={() => void retry('failed')}>
            {say('retryFailed')}
          </Button>
        )}
        <Button small onClick={() => void retry('start')}>
          {say('retryStart')}
        </Button>
        {run && run.state !== 'waiting' && run.state !== 'running' && (
          <Button small tone="quiet" onClick={() => void remove()}>
            {say('removeRun')}
          </Button>
        )}
      </div>
      {run?.error && <p className={styles.bad}>{run.error}</p>}
      {run && <Thumbs pictures={run.pictures.map((file) => savedPicture(file, id))} />}
      <ul className={styles.list}>
        {Object.entries(run?.nodeStatus ?? {}).map(([node, status]) => (
          <li key={node} className={styles.card}>
            <strong>{node}</strong>
            <span className={status.state === 'failed' ? styles.bad : styles.quiet}>
              {say(stateWord(status.state))}
              {status.seconds !== undefined && ` · ${printSeconds(status.seconds)}`}
            </span>
            {status.error && <p className={styles.bad}>{status.error}</p>}
            {status.warnings?.map((warning) => (
              <p key={warning}>{warning}</p>
            ))}
            {Object.entries(status.values ?? {}).map(([output, value]) => (
              <div key={output} className={styles.quiet}>
                {labelOf(output)}: {describe(value)}
                <Thumbs pictures={wirePictures(id, node, output, value.pictures ?? 0)} />
              </div>
            ))}
          </li>
        ))}
      </ul>
    </div>
  )
}

/** A value of a wire in one line. */
function describe({ type, shape, value, text }: ValueSummary): string {
  return [type, shape && `[${shape.join(', ')}]`, value !== undefined && String(value), text]
    .filter(Boolean)
    .join(' ')
}
