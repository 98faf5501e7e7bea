import { useMemo } from 'react'
import { useStore } from 'zustand'
import type { NodeStatus } from '../../../engine/protocol/runs.ts'
import { api, encodeName } from '../../link/api.ts'
import { EmptyState } from '../../shell/ui/index.ts'
import { metrics, runs } from '../../state/stores.ts'
import { trainingWords } from '../../words/training.ts'
import { useWords } from '../../words/words.ts'
import { LossChart } from './chart.tsx'
import { Controls } from './controls.tsx'
import { curvesOf, type Row, type Rows, samplesOf } from './rows.ts'
import styles from './training.module.css'

const none: Rows = []

/** A training as it runs: chart, pace, controls, samples over time. */
export function RunView({ run, node }: { run: string | undefined; node: string }) {
  const say = useWords(trainingWords)
  const rowsOf = (name: string) => (state: ReturnType<typeof metrics.getState>) =>
    state.rows.get(`${run} ${node} ${name}`) ?? none
  const steps = useStore(metrics, rowsOf('step'))
  const validations = useStore(metrics, rowsOf('validation'))
  const drawn = useStore(metrics, rowsOf('sample'))
  const status = useStore(runs, ({ nodes }) => nodes.get(run ?? '')?.get(node))
  const curves = useMemo(() => curvesOf(steps, validations), [steps, validations])
  const samples = useMemo(() => samplesOf(drawn), [drawn])
  const last = steps.at(-1) ?? status?.metrics?.step
  if (!run || !last) {
    return <EmptyState title={say('noRun')}>{say('noRunHint')}</EmptyState>
  }
  return (
    <div className={styles.run}>
      <Pace last={last} status={status} />
      <Controls node={node} running={status?.state === 'running'} />
      {curves.steps.length > 0 && <LossChart curves={curves} />}
      {samples.length > 0 && (
        <section aria-label={say('samples')}>
          <h3>{say('samples')}</h3>
          <ul className={styles.samples}>
            {samples.map(({ step, index, name }) => (
              <li key={`${step}-${index}`}>
                <figure>
                  <img
                    src={api.address(`/api/library/output/thumbnail/${encodeName(name)}`)}
                    alt={say('sampleAt', { step })}
                    loading="lazy"
                    decoding="async"
                  />
                  <figcaption>{step}</figcaption>
                </figure>
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  )
}

function Pace({ last, status }: { last: Row; status: NodeStatus | undefined }) {
  const say = useWords(trainingWords)
  const step = Number(last.step)
  const steps = Number(last.steps)
  const speed = Number(last.samplesPerSecond)
  const left = status?.state === 'running' ? Number(last.secondsLeft) : Number.NaN
  return (
    <div className={styles.pace}>
      <progress max={steps} value={step} aria-label={say('progress', { step, steps })} />
      <p>
        {say('progress', { step, steps })}
        {Number.isFinite(left) && `, ${say('left', { minutes: Math.ceil(left / 60) })}`}
        {Number.isFinite(speed) && `, ${say('speed', { speed: speed.toPrecision(3) })}`}
      </p>
      <p className={styles.small}>
        {say('norms', {
          gradient: Number(last.gradientNorm).toPrecision(3),
          update: Number(last.updateNorm).toPrecision(3),
        })}
      </p>
    </div>
  )
}
