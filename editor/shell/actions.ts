import { view } from '../graph/view.ts'
import { panels } from '../panels/index.ts'
import { settings } from '../state/settings.ts'
import { runs, selection, surface, tabs } from '../state/stores.ts'
import { activate, newTab } from '../state/tabs.ts'
import type { Action } from './action.ts'
import * as deeds from './deeds.ts'
import { graphActions } from './graph-actions.ts'

export type { Action }

const always = () => true
const hasDocument = () => tabs.getState().active !== undefined
const hasSelection = () => selection.getState().ids.size > 0
const canDelete = () => hasSelection() || selection.getState().links.size > 0
const isRunning = () => runs.getState().queue.running.length > 0
const zoomBy = (factor: number) => () => view.zoomTo(view.state().k * factor)

/** Every action of the editor. */
export const actions: readonly Action[] = [
  {
    name: 'search',
    word: 'search',
    group: 'Edit',
    keys: ['$mod+k'],
    everywhere: true,
    enabled: hasDocument,
    run: () => deeds.openSearch(),
  },
  {
    name: 'commands',
    word: 'commands',
    group: 'View',
    keys: ['$mod+Shift+p', '$mod+Shift+P'],
    everywhere: true,
    enabled: always,
    run: () => deeds.openSearch('>'),
  },
  {
    name: 'new',
    word: 'new',
    group: 'File',
    keys: ['Alt+n'],
    enabled: always,
    run: () => newTab(),
  },
  {
    name: 'open',
    word: 'open',
    group: 'File',
    keys: ['$mod+o'],
    everywhere: true,
    enabled: always,
    run: () => deeds.openDialog('open'),
  },
  {
    name: 'save',
    word: 'save',
    group: 'File',
    keys: ['$mod+s'],
    everywhere: true,
    enabled: hasDocument,
    run: deeds.save,
  },
  {
    name: 'saveAs',
    word: 'saveAs',
    group: 'File',
    keys: ['$mod+Shift+s', '$mod+Shift+S'],
    everywhere: true,
    enabled: hasDocument,
    run: () => deeds.openDialog('save'),
  },
  { name: 'download', word: 'download', group: 'File', enabled: hasDocument, run: deeds.download },
  {
    name: 'closeTab',
    word: 'closeTab',
    group: 'File',
    keys: ['Alt+w'],
    enabled: hasDocument,
    run: () => deeds.close(),
  },
  {
    name: 'nextTab',
    word: 'nextTab',
    group: 'File',
    keys: ['Alt+PageDown'],
    enabled: hasDocument,
    run: nextTab,
  },
  {
    name: 'undo',
    word: 'undo',
    group: 'Edit',
    keys: ['$mod+z'],
    enabled: hasDocument,
    run: deeds.undo,
  },
  {
    name: 'redo',
    word: 'redo',
    group: 'Edit',
    keys: ['$mod+Shift+z', '$mod+Shift+Z', '$mod+y'],
    enabled: hasDocument,
    run: deeds.redo,
  },
  {
    name: 'duplicate',
    word: 'duplicate',
    group: 'Edit',
    keys: ['$mod+d'],
    enabled: hasSelection,
    run: deeds.duplicate,
  },
  {
    name: 'remove',
    word: 'remove',
    group: 'Edit',
    keys: ['Delete', 'Backspace'],
    enabled: canDelete,
    run: deeds.removeSelected,
  },
  {
    name: 'selectAll',
    word: 'selectAll',
    group: 'Edit',
    keys: ['$mod+a'],
    enabled: hasDocument,
    run: deeds.selectAll,
  },
  {
    name: 'mute',
    word: 'mute',
    group: 'Edit',
    keys: ['m'],
    enabled: hasSelection,
    run: () => deeds.switchMode('mute'),
  },
  {
    name: 'bypass',
    word: 'bypass',
    group: 'Edit',
    keys: ['b'],
    enabled: hasSelection,
    run: () => deeds.switchMode('bypass'),
  },
  {
    name: 'run',
    word: 'run',
    group: 'Run',
    keys: ['$mod+Enter'],
    everywhere: true,
    enabled: hasDocument,
    run: () => deeds.start(),
  },
  {
    name: 'runSelected',
    word: 'runSelected',
    group: 'Run',
    keys: ['$mod+Alt+Enter'],
    enabled: hasSelection,
    run: () => deeds.start({ outputs: [...selection.getState().ids] }),
  },
  {
    name: 'runFront',
    word: 'runFront',
    group: 'Run',
    keys: ['$mod+Shift+Enter'],
    everywhere: true,
    enabled: hasDocument,
    run: () => deeds.start({ front: true }),
  },
  {
    name: 'live',
    word: 'live',
    group: 'Run',
    keys: ['l'],
    enabled: hasDocument,
    run: () => settings.setState(({ live }) => ({ live: !live })),
  },
  {
    name: 'cancel',
    word: 'cancel',
    group: 'Run',
    keys: ['$mod+.'],
    enabled: isRunning,
    run: deeds.cancel,
  },
  {
    name: 'fit',
    word: 'fit',
    group: 'View',
    keys: ['Home', '.'],
    enabled: hasDocument,
    run: () => view.fit(),
  },
  {
    name: 'centre',
    word: 'centre',
    group: 'View',
    keys: ['f'],
    enabled: hasSelection,
    run: () => view.fit(selection.getState().ids),
  },
  {
    name: 'zoomIn',
    word: 'zoomIn',
    group: 'View',
    keys: ['='],
    enabled: hasDocument,
    run: zoomBy(1.25),
  },
  {
    name: 'zoomOut',
    word: 'zoomOut',
    group: 'View',
    keys: ['-'],
    enabled: hasDocument,
    run: zoomBy(0.8),
  },
  {
    name: 'zoomFull',
    word: 'zoomFull',
    group: 'View',
    keys: ['0'],
    enabled: hasDocument,
    run: () => view.zoomTo(1),
  },
  {
    name: 'minimap',
    word: 'minimap',
    group: 'View',
    enabled: always,
    run: () => settings.setState(({ minimap }) => ({ minimap: !minimap })),
  },
  {
    name: 'links',
    word: 'links',
    group: 'View',
    enabled: always,
    run: () =>
      settings.setState(({ links }) => ({ links: links === 'hidden' ? 'curved' : 'hidden' })),
  },
  {
    name: 'language',
    word: 'language',
    group: 'View',
    enabled: always,
    run: () => settings.setState(({ language }) => ({ language: language === 'en' ? 'ja' : 'en' })),
  },
  { name: 'theme', word: 'theme', group: 'View', enabled: always, run: deeds.switchTheme },
  {
    name: 'shortcuts',
    word: 'shortcuts',
    group: 'View',
    keys: ['Shift+?', '?'],
    enabled: always,
    run: () => deeds.openDialog('shortcuts'),
  },
  ...graphActions,
  ...panels.map(
    ({ name, title }, index): Action => ({
      ...{ name, word: title, group: 'Panel', keys: [`Alt+${index + 1}`], enabled: always },
      run: () => surface.setState(({ panel }) => ({ panel: panel === name ? undefined : name })),
    }),
  ),
]

/** The action of this name. */
export function actionNamed(name: string): Action {
  const found = actions.find((action) => action.name === name)
  if (!found) throw new Error(`action: ${name} given, expected one of the table`)
  return found
}

/** Does an action if it can be done now. */
export function runAction(name: string): void {
  const action = actionNamed(name)
  if (action.enabled()) void action.run()
}

function nextTab(): void {
  const { open, active } = tabs.getState()
  const index = open.findIndex(({ id }) => id === active)
  const next = open[(index + 1) % open.length]
  if (next) activate(next.id)
}
