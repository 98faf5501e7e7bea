import { type FormEvent, useState } from 'react'
import { applyPatch } from '../../../engine/protocol/apply-patch.ts'
import { edit, shownGraph } from '../../graph/open-graph.ts'
import { editRoot } from '../../graph/subgraph-commands.ts'
import { renameItem, renameSubgraph, setLayout } from '../../state/commands/index.ts'
import { selection } from '../../state/stores.ts'
import { shellWords } from '../../words/shell.ts'
import { subgraphWords } from '../../words/subgraphs.ts'
import { useWords } from '../../words/words.ts'
import { Button, Dialog, Field } from '../ui/index.ts'
import type { DialogProps } from './index.tsx'

/** Asks for the title and the id of an item, and the name of the subgraph that it stands for. */
export function RenameDialog({ about, onClose }: DialogProps) {
  const say = useWords(subgraphWords)
  const shell = useWords(shellWords)
  const was = String(about)
  const { workflow } = shownGraph()
  const layout = workflow.layout?.[was] as { kind?: string; title?: string } | undefined
  const subgraph = workflow.nodes[was]?.subgraph
  const [title, setTitle] = useState(layout?.title ?? '')
  const [id, setId] = useState(was)
  const [name, setName] = useState(subgraph ?? '')
  const [fault, setFault] = useState('')
  function keep(event: FormEvent) {
    event.preventDefault()
    const renames = id === was ? [] : renameItem(workflow, was, id)
    if (id !== was && renames.length === 0) return setFault(say('badName', { name: id }))
    if (subgraph !== undefined && name !== subgraph) {
      let fits = true
      editRoot(say('rename'), (root) => {
        const ops = renameSubgraph(root, subgraph, name)
        fits = ops.length > 0
        return ops
      })
      if (!fits) return setFault(say('badName', { name }))
    }
    edit(say('rename'), (now) => {
      const first = (layout?.title ?? '') === title ? [] : titleOps(title)
      return [...first, ...(id === was ? [] : renameItem(applyPatch(now, first), was, id))]
      function titleOps(text: string) {
        return setLayout(now, was, { title: text === '' ? undefined : text })
      }
    })
    selection.setState({ ids: new Set([id]), links: new Set() })
    onClose()
  }
  const field = (label: string, value: string, set: (text: string) => void) => (
    <Field label={label}>
      {(ids) => <input {...ids} value={value} onChange={({ target }) => set(target.value)} />}
    </Field>
  )
  return (
    <Dialog title={say('rename')} onClose={onClose}>
      <form onSubmit={keep} style={{ display: 'grid', gap: 12 }}>
        {layout?.kind !== 'note' && field(say('title'), title, setTitle)}
        {field(say('id'), id, setId)}
        {subgraph !== undefined && field(say('subgraphName'), name, setName)}
        <p role="alert" style={{ color: 'var(--bad)' }}>
          {fault}
        </p>
        <Button tone="main" onClick={keep}>
          {shell('ok')}
        </Button>
        <input type="submit" hidden />
      </form>
    </Dialog>
  )
}
