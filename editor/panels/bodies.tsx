import { lazy, Suspense, useMemo } from 'react'
import { useStore } from 'zustand'
import { registerBody } from '../graph/bodies.ts'
import { metrics, runs, tabs } from '../state/stores.ts'
import { runId } from '../widgets/open-graph.ts'
import { pictureWords } from '../words/pictures.ts'
import { useWords } from '../words/words.ts'
import styles from './panels.module.css'
import { curvesOf, type Rows } from './training/rows.ts'

const LossChart = lazy(async () => ({ default: (await import('./training/chart.tsx')).LossChart }))

const chartHeight = 130
const none: Rows = []

/** Tells the canvas what training nodes show. To be called once, before drawing. */
export function registerResultBodies(): void {
  registerBody(({ type }) => type === 'train', {
    height: () => chartHeight,
    Component: LossBody,
  })
}

/** The loss of the training that the canvas shows. */
function LossBody({ node }: { readonly node: string }) {
  const say = useWords(pictureWords)
  const active = useStore(tabs, (state) => state.active)
  const run = useStore(runs, ({ shown }) => shown.get(active ?? ''))
  const key = `${run} ${runId(node)}`
  const steps = useStore(metrics, ({ rows }) => rows.get(`${key} step`) ?? none)
  const validations = useStore(metrics, ({ rows }) => rows.get(`${key} validation`) ?? none)
  const curves = useMemo(() => curvesOf(steps, validations), [steps, validations])
  if (curves.steps.length === 0) return <p className={styles.quiet}>{say('noLoss')}</p>
  return (
    <Suspense fallback={null}>
      <LossChart curves={curves} height={chartHeight} bare />
    </Suspense>
  )
}
