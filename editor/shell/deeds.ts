import { edit, shownGraph } from '../graph/open-graph.ts'
import { copyText, pasteOps } from '../state/clipboard.ts'
import { disconnect, removeItems, setMode } from '../state/commands/index.ts'
import { placeOf } from '../state/ports.ts'
import { cancelRun, type RunRequest, runActive } from '../state/run-commands.ts'
import { settings } from '../state/settings.ts'
import { activeDocument, notify, runs, selection, surface, tabs } from '../state/stores.ts'
import { closeTab, saveActive } from '../state/tabs.ts'
import { actionWords } from '../words/actions.ts'
import { say } from '../words/words.ts'

/** What the actions do. Whether they can is said in the table. */

/** Opens the search box; a text of `>` shows commands. */
export function openSearch(text = ''): void {
  surface.setState({ search: {}, dialog: { name: 'search', about: text } })
}

/** Opens a dialog of the shell. */
export function openDialog(name: string, about?: unknown): void {
  surface.setState({ dialog: { name, about } })
}

/** Saves under the name that it has, or asks for one. */
export async function save(): Promise<void> {
  if (activeDocument().name === undefined) return openDialog('save')
  await told(() => saveActive())
}

/** Puts the document in front into the queue. */
export async function start(request: RunRequest = {}): Promise<void> {
  await told(() => runActive(request))
}

/** Ends what is running now. */
export async function cancel(): Promise<void> {
  const { running } = runs.getState().queue
  for (const id of running) await told(() => cancelRun(id))
}

/** Takes the last step back. */
export function undo(): void {
  activeDocument().undo()
}

/** Does the step again that was taken back. */
export function redo(): void {
  activeDocument().redo()
}

/** Deletes the selected items and links as one step. */
export function removeSelected(): void {
  const { ids, links } = selection.getState()
  edit(say(actionWords)('remove'), (workflow) => {
    if (ids.size > 0) return removeItems(workflow, ids)
    return [...links].flatMap((link) => disconnect(workflow, placeOf(link)))
  })
  selection.setState({ ids: new Set(), links: new Set() })
}

/** Selects every node, frame and note of the graph on the canvas. */
export function selectAll(): void {
  const { workflow } = shownGraph()
  const ids = new Set([...Object.keys(workflow.nodes), ...Object.keys(workflow.layout ?? {})])
  selection.setState({ ids, links: new Set() })
}

const beside = 32

/** Puts copies of the selected items beside them, with links from outside kept. */
export function duplicate(): void {
  const { workflow } = shownGraph()
  const { ids } = selection.getState()
  const places = [...ids].flatMap((id) => workflow.layout?.[id] ?? [])
  const at = {
    x: Math.min(...places.map(({ x }) => x)) + beside,
    y: Math.min(...places.map(({ y }) => y)) + beside,
  }
  const text = copyText(workflow, ids)
  const safe = places.length > 0 ? at : { x: 0, y: 0 }
  const pasted = pasteOps(workflow, text, safe, { reconnect: true })
  if (!pasted) return
  edit(say(actionWords)('duplicate'), () => pasted.ops)
  selection.setState({ ids: new Set(pasted.ids), links: new Set() })
}

/** Mutes or bypasses the selected nodes, or ends that where all are. */
export function switchMode(mode: 'mute' | 'bypass'): void {
  const { ids } = selection.getState()
  edit(say(actionWords)(mode), (workflow) => {
    const all = [...ids].every((id) => workflow.nodes[id]?.mode === mode)
    return setMode(workflow, ids, all ? undefined : mode)
  })
}

/** Goes from light to dark and back. */
export function switchTheme(): void {
  const { theme } = settings.getState()
  const system = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'
  const now = theme === 'system' ? system : theme
  settings.setState({ theme: now === 'dark' ? 'light' : 'dark' })
}

/** Closes a tab; asks first where the server has no copy of what is in it. */
export function close(id = tabs.getState().active): void {
  const document = tabs.getState().open.find((entry) => entry.id === id)
  if (!document) return
  const empty = Object.keys(document.workflow.nodes).length === 0
  if (document.saved === 'saved' || (document.name === undefined && empty))
    void closeTab(document.id)
  else openDialog('close', document.id)
}

/** Gives the workflow as a file. */
export function download(): void {
  const { workflow, name } = activeDocument()
  const text = `${JSON.stringify(workflow, undefined, 2)}\n`
  const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }))
  const anchor = document.createElement('a')
  anchor.href = url
  anchor.download = `${(name ?? workflow.name ?? 'workflow').replace(/\W+/g, '-')}.json`
  anchor.click()
  setTimeout(() => URL.revokeObjectURL(url), 1000)
}

/** Does something that can fail and says so. */
export async function told(task: () => Promise<unknown>): Promise<boolean> {
  try {
    await task()
    return true
  } catch (error) {
    notify((error as Error).message, 'bad')
    return false
  }
}
