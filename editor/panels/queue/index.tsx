import { ArrowDown, ArrowUp, Pause, Play, X } from 'lucide-react'
import { useState } from 'react'
import { useStore } from 'zustand'
import type { RunInfo } from '../../../engine/protocol/runs.ts'
import { api } from '../../link/api.ts'
import { told } from '../../shell/deeds.ts'
import { printSeconds, printTime } from '../../shell/print.ts'
import { Bar, Button, Check, EmptyState, Field, IconButton } from '../../shell/ui/index.ts'
import { useActive } from '../../shell/use-document.ts'
import { cancelRun } from '../../state/run-commands.ts'
import { settings } from '../../state/settings.ts'
import { runs } from '../../state/stores.ts'
import { panelWords } from '../../words/panels.ts'
import { useWords } from '../../words/words.ts'
import styles from '../panels.module.css'
import { RunDetails } from './run-details.tsx'
import { stateWord } from './state-word.ts'
import { type HistoryFilter, useHistory } from './use-history.ts'

const noFilter: HistoryFilter = { state: '', text: '', document: '', hours: 0 }
const dragType = 'application/x-mazeru-run'
const ended = ['done', 'failed', 'cancelled'] as const

/** What waits, what runs and what has been. */
export function Panel() {
  const say = useWords(panelWords)
  const { runs: all, queue } = useStore(runs)
  const [filter, setFilter] = useState(noFilter)
  const { list: past, more } = useHistory(filter)
  const change = (part: Partial<HistoryFilter>) => setFilter((now) => ({ ...now, ...part }))
  const [open, setOpen] = useState<string>()
  const name = useActive()?.name
  if (open) return <RunDetails id={open} onBack={() => setOpen(undefined)} />
  const list = [...all.values()].filter(({ live }) => !live)
  const active = list
    .filter(({ state }) => state === 'running' || state === 'waiting')
    .sort((one, other) => (one.place ?? 0) - (other.place ?? 0))
  const pause = () => told(() => api.post('/api/queue', { paused: !queue.paused }))
  return (
    <div className={styles.body}>
      <Button
        icon={queue.paused ? <Play size={15} /> : <Pause size={15} />}
        onClick={() => void pause()}
      >
        {queue.paused ? say('resume') : say('pause')}
      </Button>
      {queue.paused && <p className={styles.quiet}>{say('paused')}</p>}
      {active.length > 0 && <h3>{say('waiting')}</h3>}
      <ul className={styles.list}>
        {active.map((run) => (
          <ActiveRun key={run.id} run={run} onOpen={setOpen} />
        ))}
      </ul>
      <h3>{say('history')}</h3>
      <Field label={say('state')}>
        {(ids) => (
          <select
            {...ids}
            value={filter.state}
            onChange={({ target }) => change({ state: target.value })}
          >
            <option value="">{say('all')}</option>
            {ended.map((state) => (
              <option key={state} value={state}>
                {say(stateWord(state))}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label={say('search')}>
        {(ids) => (
          <input
            {...ids}
            type="search"
            value={filter.text}
            onChange={({ target }) => change({ text: target.value })}
          />
        )}
      </Field>
      <Field label={say('since')}>
        {(ids) => (
          <select
            {...ids}
            value={filter.hours}
            onChange={({ target }) => change({ hours: Number(target.value) })}
          >
            <option value={0}>{say('all')}</option>
            <option value={1}>{say('lastHour')}</option>
            <option value={24}>{say('lastDay')}</option>
            <option value={168}>{say('lastWeek')}</option>
          </select>
        )}
      </Field>
      {name !== undefined && (
        <Check
          label={say('onlyThis', { name })}
          value={filter.document === name}
          onChange={(only) => change({ document: only ? name : '' })}
        />
      )}
      {past.length === 0 && <EmptyState title={say('noRuns')} />}
      <ul className={styles.list}>
        {past.map((run) => (
          <PastRun key={run.id} run={run} onOpen={setOpen} />
        ))}
      </ul>
      {more && <Button onClick={more}>{say('more')}</Button>}
    </div>
  )
}

interface RunProps {
  readonly run: RunInfo
  readonly onOpen: (id: string) => void
}

function ActiveRun({ run, onOpen }: RunProps) {
  const say = useWords(panelWords)
  const { id, state, document, place, priority, nodes } = run
  const change = (body: unknown) =>
    told(() => api.patch(`/api/runs/${encodeURIComponent(id)}`, body))
  return (
    <li
      className={styles.card}
      draggable={state === 'waiting'}
      onDragStart={(event) => event.dataTransfer.setData(dragType, id)}
      onDragOver={(event) => {
        if (place !== undefined && event.dataTransfer.types.includes(dragType)) {
          event.preventDefault()
        }
      }}
      onDrop={(event) => {
        const dragged = event.dataTransfer.getData(dragType)
        if (!dragged || place === undefined) return
        event.preventDefault()
        void told(() => api.patch(`/api/runs/${encodeURIComponent(dragged)}`, { place }))
      }}
    >
      <div className={styles.row}>
        <button
          type="button"
          className={`${styles.link} ${styles.grow}`}
          onClick={() => onOpen(id)}
        >
          {document ?? id.slice(0, 8)}
        </button>
        {state === 'waiting' && place !== undefined && (
          <>
            <IconButton
              label={say('up')}
              disabled={place <= 1}
              onClick={() => void change({ place: place - 1 })}
            >
              <ArrowUp size={14} />
            </IconButton>
            <IconButton label={say('down')} onClick={() => void change({ place: place + 1 })}>
              <ArrowDown size={14} />
            </IconButton>
          </>
        )}
        <IconButton label={say('cancel')} onClick={() => void told(() => cancelRun(id))}>
          <X size={15} />
        </IconButton>
      </div>
      <div className={styles.row}>
        <span className={styles.quiet}>{say(stateWord(state))}</span>
        {state === 'waiting' && (
          <label className={styles.quiet}>
            {say('priority')}{' '}
            <input
              type="number"
              min={-100}
              max={100}
              value={priority}
              onChange={({ target }) => void change({ priority: Number(target.value) })}
            />
          </label>
        )}
      </div>
      {state === 'running' && nodes && (
        <Bar label={say('stateRunning')} part={nodes.settled / Math.max(1, nodes.all)} />
      )}
    </li>
  )
}

function PastRun({ run, onOpen }: RunProps) {
  const say = useWords(panelWords)
  const { id, state, document, started, ended: end, created, error, pictures } = run
  const last = pictures.at(-1)
  return (
    <li className={styles.card}>
      <button type="button" className={styles.link} onClick={() => onOpen(id)}>
        {document ?? id.slice(0, 8)}
      </button>
      <span className={state === 'failed' ? styles.bad : styles.quiet}>
        {say(stateWord(state))} · {printTime(created, settings.getState().language)}
        {started && end ? ` · ${printSeconds((end - started) / 1000)}` : ''}
      </span>
      {error && <p className={styles.bad}>{error}</p>}
      {last && (
        <img
          src={api.address(
            `/api/library/output/thumbnail/${last.split('/').map(encodeURIComponent).join('/')}`,
          )}
          alt={last}
          loading="lazy"
          width={96}
        />
      )}
    </li>
  )
}
