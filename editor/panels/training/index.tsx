import { useState } from 'react'
import { useStore } from 'zustand'
import { EmptyState, Segmented } from '../../shell/ui/index.ts'
import { runs, tabs } from '../../state/stores.ts'
import { trainingWords } from '../../words/training.ts'
import { useWords } from '../../words/words.ts'
import { CaptionsView } from './captions-view.tsx'
import { PicturesView } from './pictures-view.tsx'
import { trainingNodes } from './rows.ts'
import { RunView } from './run-view.tsx'
import styles from './training.module.css'
import { useDataset } from './use-dataset.ts'

type View = 'run' | 'pictures' | 'captions'

/** Training: the run of the workflow in front, its pictures and their captions. */
export function Panel() {
  const say = useWords(trainingWords)
  const [view, setView] = useState<View>('run')
  const document = useStore(tabs, ({ open, active }) => open.find(({ id }) => id === active))
  const run = useStore(runs, ({ shown }) => shown.get(document?.id ?? ''))
  const [node] = document ? trainingNodes(document.workflow) : []
  const named = document && folderOf(document.workflow.nodes)
  const [chosen, setChosen] = useState<string>()
  const folder = chosen ?? named
  const dataset = useDataset(folder)
  return (
    <div className={styles.panel}>
      <Segmented
        label={say('views')}
        value={view}
        options={[
          { value: 'run', label: say('viewRun') },
          { value: 'pictures', label: say('viewPictures') },
          { value: 'captions', label: say('viewCaptions') },
        ]}
        onChange={setView}
      />
      {view !== 'run' && (
        <label className={styles.folder}>
          {say('folder')}
          <select value={folder ?? ''} onChange={({ target }) => setChosen(target.value)}>
            {folder === undefined && <option value="" />}
            {[...new Set([...(folder ? [folder] : []), ...dataset.folders])].map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
      )}
      {view === 'run' && <RunView run={run} node={node ?? ''} />}
      {view !== 'run' && folder === undefined && <EmptyState title={say('noFolders')} />}
      {view === 'pictures' && folder && <PicturesView dataset={dataset} folder={folder} />}
      {view === 'captions' && folder && (
        <CaptionsView key={folder} dataset={dataset} folder={folder} />
      )}
    </div>
  )
}

/** The folder that a dataset node of the workflow names. */
function folderOf(
  nodes: Readonly<Record<string, { type: string; params?: Readonly<Record<string, unknown>> }>>,
): string | undefined {
  const folder = Object.values(nodes).find(({ type }) => type === 'dataset')?.params?.folder
  return typeof folder === 'string' ? folder : undefined
}
