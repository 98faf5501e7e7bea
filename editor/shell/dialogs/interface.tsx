import { ArrowDown, ArrowUp, Trash2 } from 'lucide-react'
import { shownGraph } from '../../graph/open-graph.ts'
import { editRoot, fromHere } from '../../graph/subgraph-commands.ts'
import {
  describeInput,
  movePort,
  type PortSide,
  removePort,
  renamePort,
} from '../../state/commands/index.ts'
import type { PatchOp, Workflow } from '../../state/types.ts'
import { subgraphWords } from '../../words/subgraphs.ts'
import { useWords } from '../../words/words.ts'
import { Dialog, EmptyState, IconButton } from '../ui/index.ts'
import { useWorkflow } from '../use-document.ts'
import styles from './dialogs.module.css'
import type { DialogProps } from './index.tsx'

/** The named inputs and outputs of the open graph: order, names, what they are for. */
export function InterfaceDialog({ onClose }: DialogProps) {
  const say = useWords(subgraphWords)
  useWorkflow()
  const { workflow } = shownGraph()
  const sides = (['inputs', 'outputs'] as const).filter(
    (side) => Object.keys(workflow[side] ?? {}).length > 0,
  )
  return (
    <Dialog title={say('interfaceTitle')} wide onClose={onClose}>
      <div className={styles.stack}>
        {sides.length === 0 && <EmptyState title={say('interfaceEmpty')} />}
        {sides.map((side) => (
          <section key={side}>
            <h3>{say(side)}</h3>
            <ul className={styles.list}>
              {Object.keys(workflow[side] ?? {}).map((name) => (
                <Port key={name} side={side} name={name} workflow={workflow} />
              ))}
            </ul>
          </section>
        ))}
      </div>
    </Dialog>
  )
}

function Port({
  side,
  name,
  workflow,
}: {
  readonly side: PortSide
  readonly name: string
  readonly workflow: Workflow
}) {
  const say = useWords(subgraphWords)
  const definition = shownGraph().name
  const here = (label: string, ops: readonly PatchOp[]) => editRoot(label, () => fromHere(ops))
  const move = (by: number, key: 'up' | 'down') => (
    <IconButton
      label={say(key, { name })}
      onClick={() => here(say(key, { name }), movePort(workflow, side, name, by))}
    >
      {key === 'up' ? <ArrowUp size={15} /> : <ArrowDown size={15} />}
    </IconButton>
  )
  return (
    <li>
      <input
        aria-label={say('nameOf', { name })}
        defaultValue={name}
        onBlur={({ target }) => {
          const change = { from: name, to: target.value.trim() }
          editRoot(say('rename'), (root) => renamePort(root, definition, side, change))
          target.value = name
        }}
      />
      {side === 'inputs' ? (
        <input
          aria-label={say('about', { name })}
          placeholder={say('about', { name })}
          defaultValue={workflow.inputs?.[name]?.description ?? ''}
          style={{ flex: 1 }}
          onBlur={({ target }) =>
            here(say('about', { name }), describeInput(workflow, name, target.value))
          }
        />
      ) : (
        <code style={{ flex: 1 }}>{workflow.outputs?.[name]}</code>
      )}
      {move(-1, 'up')}
      {move(1, 'down')}
      <IconButton
        label={say('drop', { name })}
        onClick={() =>
          editRoot(say('drop', { name }), (root) => removePort(root, definition, side, name))
        }
      >
        <Trash2 size={15} />
      </IconButton>
    </li>
  )
}
