import { useEffect, useMemo, useRef } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { useStore } from 'zustand'
import { settings } from '../../state/settings.ts'
import { trainingWords } from '../../words/training.ts'
import { useWords } from '../../words/words.ts'
import type { Curves } from './rows.ts'
import styles from './training.module.css'

/** Rows of the table beside the chart; the chart itself has all. */
const tableRows = 12

/** The loss chart, drawn as points arrive, with its numbers as a table for who cannot see it. */
export function LossChart({
  curves,
  height = 200,
  bare = false,
}: {
  curves: Curves
  height?: number
  /** Without heading, legend and table. */
  bare?: boolean
}) {
  const host = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot>(undefined)
  const say = useWords(trainingWords)
  const theme = useStore(settings, (state) => state.theme)
  const labels = [say('loss'), say('average'), say('validation'), say('trainLoss')].join()
  const data = useMemo(() => dataOf(curves), [curves])
  const first = useRef(data)
  first.current = data

  // biome-ignore lint/correctness/useExhaustiveDependencies: colours are read anew with the theme
  useEffect(() => {
    const element = host.current
    if (!element) return
    const drawn = new uPlot(
      options(element, labels.split(','), height, bare),
      first.current,
      element,
    )
    plot.current = drawn
    const observer = new ResizeObserver(() => {
      drawn.setSize({ width: element.clientWidth, height })
    })
    observer.observe(element)
    return () => {
      observer.disconnect()
      drawn.destroy()
      plot.current = undefined
    }
  }, [labels, height, theme, bare])

  useEffect(() => {
    plot.current?.setData(data)
  }, [data])

  return (
    <figure className={styles.chart}>
      {!bare && <figcaption>{say('chart')}</figcaption>}
      <div ref={host} aria-hidden />
      {!bare && (
        <details>
          <summary>{say('table')}</summary>
          <Table curves={curves} />
        </details>
      )}
    </figure>
  )
}

function Table({ curves }: { curves: Curves }) {
  const say = useWords(trainingWords)
  const every = Math.max(1, Math.ceil(curves.steps.length / tableRows))
  const rows = curves.steps.map((step, index) => ({ step, index }))
  const shown = rows.filter(({ index }) => index % every === 0 || index === rows.length - 1)
  const print = (value: number | null | undefined) => (value == null ? '' : value.toPrecision(4))
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">{say('step')}</th>
          <th scope="col">{say('loss')}</th>
          <th scope="col">{say('average')}</th>
          <th scope="col">{say('validation')}</th>
        </tr>
      </thead>
      <tbody>
        {shown.map(({ step, index }) => (
          <tr key={step}>
            <th scope="row">{step}</th>
            <td>{print(curves.loss[index])}</td>
            <td>{print(curves.average[index])}</td>
            <td>{print(curves.validation[index])}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function dataOf({ steps, loss, average, validation, trainLoss }: Curves): uPlot.AlignedData {
  return [[...steps], [...loss], [...average], [...validation], [...trainLoss]]
}

function options(
  element: HTMLElement,
  labels: readonly string[],
  height: number,
  bare: boolean,
): uPlot.Options {
  const colours = getComputedStyle(element)
  const colour = (name: string) => colours.getPropertyValue(name).trim()
  const axis: uPlot.Axis = {
    stroke: colour('--text-2'),
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { stroke: colour('--line'), width: 1 },
  }
  const spans = { spanGaps: true } as const
  return {
    width: Math.max(1, element.clientWidth),
    height,
    ...(bare && { legend: { show: false } }),
    scales: { x: { time: false } },
    axes: [axis, { ...axis, size: 56 }],
    series: [
      {},
      { label: labels[0] ?? '', stroke: colour('--line'), width: 1, points: { show: false } },
      { label: labels[1] ?? '', stroke: colour('--accent'), width: 2, points: { show: false } },
      { label: labels[2] ?? '', stroke: colour('--bad'), width: 2, ...spans },
      { label: labels[3] ?? '', stroke: colour('--good'), width: 1, dash: [4, 4], ...spans },
    ],
  }
}
