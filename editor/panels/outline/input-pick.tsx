import { useStore } from 'zustand'
import { edit } from '../../graph/open-graph.ts'
import { connect, disconnect } from '../../state/commands/index.ts'
import { fitting, socketKey } from '../../state/fits.ts'
import { inputsOf, outputsOf, placeOf, printPlace } from '../../state/shapes.ts'
import { catalogue } from '../../state/stores.ts'
import { infoOf } from '../../state/subgraphs.ts'
import type { NodeEntry, NodeInfo, Workflow } from '../../state/types.ts'
import { labelOf } from '../../words/nodes.ts'
import { panelWords } from '../../words/panels.ts'
import { useWords } from '../../words/words.ts'
import styles from '../panels.module.css'

/** Where each input of a node comes from, chosen among the outputs that fit. */
export function InputPick(props: {
  readonly id: string
  readonly entry: NodeEntry
  readonly info: NodeInfo
  readonly workflow: Workflow
}) {
  const { id, entry, info, workflow } = props
  const say = useWords(panelWords)
  const infos = useStore(catalogue, ({ nodes }) => nodes)
  return inputsOf(entry, info).map(({ name }) => {
    const to = { node: id, socket: name }
    const now = entry.inputs?.[name] ?? ''
    const fits = fitting(workflow, infos, to, 'input')
    const sources = Object.entries(workflow.nodes).flatMap(([node, other]) => {
      const found = infoOf(workflow, other, infos)
      return (found ? outputsOf(other, found) : [])
        .map((output) => ({ node, socket: output.name }))
        .filter((place) => printPlace(place) === now || fits.get(socketKey(place, 'output'))?.fits)
    })
    const choose = (value: string) =>
      edit(say('source', { name: labelOf(name) }), (graph) =>
        value === '' ? disconnect(graph, to) : connect(graph, placeOf(value), to),
      )
    return (
      <label key={name} className={styles.pick}>
        <span>{labelOf(name)}</span>
        <select
          aria-label={say('source', { name: labelOf(name) })}
          value={now}
          onChange={({ target }) => choose(target.value)}
        >
          <option value="">{say('notConnected')}</option>
          {sources.map((place) => (
            <option key={printPlace(place)} value={printPlace(place)}>
              {printPlace(place)}
            </option>
          ))}
        </select>
      </label>
    )
  })
}
