import { arrangeSelected, frameSelected, noteHere } from '../graph/layout-commands.ts'
import { edit } from '../graph/open-graph.ts'
import {
  deleteUnused,
  enterSubgraph,
  goTo,
  groupSelected,
  isInstance,
  ungroupSelected,
} from '../graph/subgraph-commands.ts'
import { setLayout } from '../state/commands/index.ts'
import { selection, surface, tabs } from '../state/stores.ts'
import { subgraphWords } from '../words/subgraphs.ts'
import { say } from '../words/words.ts'
import type { Action } from './action.ts'

const hasDocument = () => tabs.getState().active !== undefined
const hasSelection = () => hasDocument() && selection.getState().ids.size > 0
const only = () => [...selection.getState().ids][0]
const hasInstance = () => hasDocument() && [...selection.getState().ids].some(isInstance)
const dialog = (name: string, about?: unknown) => surface.setState({ dialog: { name, about } })

/** Actions on parts of the graph and on subgraphs. */
export const graphActions: readonly Action[] = [
  {
    ...{ name: 'group', word: 'group', group: 'Edit', keys: ['$mod+g'] },
    ...{ enabled: hasSelection, run: groupSelected },
  },
  {
    ...{ name: 'ungroup', word: 'ungroup', group: 'Edit' },
    keys: ['$mod+Shift+g', '$mod+Shift+G'],
    ...{ enabled: hasInstance, run: ungroupSelected },
  },
  {
    ...{ name: 'enterSubgraph', word: 'enterSubgraph', group: 'View' },
    ...{ enabled: () => hasInstance() && isInstance(only()), run: () => enterSubgraph(only()!) },
  },
  {
    ...{ name: 'leaveSubgraph', word: 'leaveSubgraph', group: 'View', keys: ['Alt+ArrowUp'] },
    enabled: () => surface.getState().path.length > 0,
    run: () => goTo(surface.getState().path.slice(0, -1)),
  },
  {
    ...{ name: 'rename', word: 'rename', group: 'Edit', keys: ['F2'] },
    ...{ enabled: hasSelection, run: () => dialog('rename', only()) },
  },
  {
    ...{ name: 'collapse', word: 'collapse', group: 'Edit', keys: ['h'] },
    ...{ enabled: hasSelection, run: collapse },
  },
  {
    ...{ name: 'frame', word: 'frame', group: 'Edit', keys: ['g'] },
    ...{ enabled: hasDocument, run: frameSelected },
  },
  {
    ...{ name: 'note', word: 'note', group: 'Edit' },
    ...{ enabled: hasDocument, run: () => noteHere() },
  },
  {
    ...{ name: 'arrange', word: 'arrange', group: 'Edit' },
    ...{ enabled: hasDocument, run: arrangeSelected },
  },
  {
    ...{ name: 'interface', word: 'interface', group: 'File' },
    ...{ enabled: hasDocument, run: () => dialog('interface') },
  },
  {
    ...{ name: 'deleteUnused', word: 'deleteUnused', group: 'Edit' },
    ...{ enabled: hasDocument, run: deleteUnused },
  },
]

function collapse(): void {
  const { ids } = selection.getState()
  edit(say(subgraphWords)('collapse'), (workflow) => {
    const nodes = [...ids].filter((id) => Object.hasOwn(workflow.nodes, id))
    const all = nodes.every((id) => workflow.layout?.[id]?.collapsed === true)
    return nodes.flatMap((id) => setLayout(workflow, id, { collapsed: all ? undefined : true }))
  })
}
