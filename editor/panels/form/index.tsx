import { Play, Square } from 'lucide-react'
import { useStore } from 'zustand'
import { start, told } from '../../shell/deeds.ts'
import { Bar, Button, EmptyState } from '../../shell/ui/index.ts'
import { useActive, useWorkflow } from '../../shell/use-document.ts'
import { setParam } from '../../state/commands/index.ts'
import { cancelRun } from '../../state/run-commands.ts'
import { paramsOf, placeOf } from '../../state/shapes.ts'
import { catalogue, runs } from '../../state/stores.ts'
import { infoOf } from '../../state/subgraphs.ts'
import type { EditorDocument, Json, Workflow } from '../../state/types.ts'
import { ParamWidget } from '../../widgets/param-widget.tsx'
import { labelOf } from '../../words/nodes.ts'
import { panelWords } from '../../words/panels.ts'
import { useWords } from '../../words/words.ts'
import styles from '../panels.module.css'
import { openViewer, savedPicture } from '../viewer/open.ts'

/** The named inputs of a workflow as a form, with a button to run it and what comes of it. */
export function Panel() {
  const say = useWords(panelWords)
  const document = useActive()
  const workflow = useWorkflow()
  const names = Object.entries(workflow?.inputs ?? {})
  if (!document || !workflow || names.length === 0) {
    return (
      <div className={styles.body}>
        <EmptyState title={say('noForm')} />
        <Results />
      </div>
    )
  }
  return (
    <div className={styles.body}>
      <div className={styles.form}>
        {workflow.description && <p>{workflow.description}</p>}
        {names.map(([name, { to, description }]) => (
          <Input key={name} {...{ document, workflow, name, to, description }} />
        ))}
      </div>
      <Results />
      <div className={styles.big}>
        <Button tone="main" icon={<Play size={16} />} onClick={() => void start()}>
          {say('run')}
        </Button>
      </div>
    </div>
  )
}

function Input(props: {
  readonly document: EditorDocument
  readonly workflow: Workflow
  readonly name: string
  readonly to: readonly string[]
  readonly description: string | undefined
}) {
  const { document, workflow, name, to, description } = props
  const infos = useStore(catalogue, ({ nodes }) => nodes)
  const { node, socket } = placeOf(to[0] ?? '')
  const entry = workflow.nodes[node]
  const info = entry && infoOf(workflow, entry, infos)
  const param = info && paramsOf(entry, info).find((found) => found.name === socket)
  if (!entry || !param) return null
  const change = (value: Json | undefined) => {
    const ops = to.flatMap((place) => {
      const target = placeOf(place)
      return setParam(document.workflow, target.node, target.socket, value)
    })
    document.transact(labelOf(name), ops, { merge: `form ${name}` })
  }
  return (
    <div>
      <ParamWidget
        node={node}
        name={socket}
        info={param.info}
        label={labelOf(name)}
        value={entry.params?.[socket] as Json | undefined}
        linked={Object.hasOwn(entry.inputs ?? {}, socket)}
        onChange={change}
      />
      {description && <p className={styles.quiet}>{description}</p>}
    </div>
  )
}

/** How far the run is, and its pictures. */
function Results() {
  const say = useWords(panelWords)
  const document = useActive()
  const run = useStore(runs, ({ shown, runs: all }) => all.get(shown.get(document?.id ?? '') ?? ''))
  if (!run) return null
  const { state, nodes, error, pictures } = run
  return (
    <section className={`${styles.form} ${styles.results}`} aria-label={say('results')}>
      {state === 'running' && nodes && (
        <Bar label={say('stateRunning')} part={nodes.settled / Math.max(1, nodes.all)} />
      )}
      {(state === 'running' || state === 'waiting') && (
        <Button icon={<Square size={14} />} onClick={() => void told(() => cancelRun(run.id))}>
          {say('cancel')}
        </Button>
      )}
      {error && <p className={styles.bad}>{error}</p>}
      {pictures.map((name, index) => (
        <button
          key={name}
          type="button"
          className={styles.tile}
          onClick={() =>
            openViewer(
              pictures.map((file) => savedPicture(file, run.id)),
              index,
            )
          }
        >
          <img src={savedPicture(name).address} alt={name} loading="lazy" />
        </button>
      ))}
    </section>
  )
}
