import { Trash2 } from 'lucide-react'
import { useEffect, useState } from 'react'
import type { DocumentInfo } from '../../../engine/protocol/documents.ts'
import { api, encodeName } from '../../link/api.ts'
import { settings } from '../../state/settings.ts'
import { notify } from '../../state/stores.ts'
import { openTab } from '../../state/tabs.ts'
import { dialogWords } from '../../words/dialogs.ts'
import { shellWords } from '../../words/shell.ts'
import { useWords } from '../../words/words.ts'
import { told } from '../deeds.ts'
import { openFile } from '../open-file.ts'
import { printTime } from '../print.ts'
import { Dialog, EmptyState, Field, IconButton } from '../ui/index.ts'
import styles from './dialogs.module.css'
import type { DialogProps } from './index.tsx'

/** Workflows of the server, and a file of this machine. */
export function OpenDialog({ onClose }: DialogProps) {
  const shell = useWords(shellWords)
  const say = useWords(dialogWords)
  const [list, setList] = useState<readonly DocumentInfo[]>()
  const [text, setText] = useState('')
  const load = async () => {
    await told(async () => setList((await api.workflows()).workflows))
  }
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked for once
  useEffect(() => void load(), [])
  const shown = (list ?? []).filter(({ name, title = '' }) =>
    `${name} ${title}`.toLowerCase().includes(text.toLowerCase()),
  )
  async function remove(name: string) {
    if (!globalThis.confirm(shell('reallyRemove', { name }))) return
    const done = await told(() => api.remove(`/api/workflows/${encodeName(name)}`))
    if (done) notify(shell('removed', { name }))
    await load()
  }
  const open = async (name: string) => {
    if (await told(() => openTab(name))) onClose()
  }
  return (
    <Dialog title={shell('openWorkflow')} onClose={onClose}>
      <div className={styles.stack}>
        <Field label={say('filter')}>
          {(ids) => (
            <input
              {...ids}
              type="search"
              value={text}
              onChange={(event) => setText(event.target.value)}
            />
          )}
        </Field>
        <ul className={styles.list}>
          {shown.map(({ name, title, modified, nodes }) => (
            <li key={name}>
              <button type="button" className={styles.line} onClick={() => void open(name)}>
                <span>{title ?? name}</span>
                <small>
                  {title && `${name} · `}
                  {shell('nodesCount', { count: nodes })} ·{' '}
                  {printTime(modified, settings.getState().language)}
                </small>
              </button>
              <IconButton label={shell('remove', { name })} onClick={() => void remove(name)}>
                <Trash2 size={15} />
              </IconButton>
            </li>
          ))}
        </ul>
        {list && shown.length === 0 && <EmptyState title={shell('noWorkflows')} />}
        <Field label={say('fromFile')}>
          {(ids) => (
            <input
              {...ids}
              type="file"
              accept=".json,.png"
              onChange={async ({ target }) => {
                for (const file of target.files ?? []) await openFile(file)
                onClose()
              }}
            />
          )}
        </Field>
      </div>
    </Dialog>
  )
}
