import { useStore } from 'zustand'
import { api, encodeName } from '../../link/api.ts'
import { told } from '../../shell/deeds.ts'
import { Button } from '../../shell/ui/index.ts'
import { cancelRun } from '../../state/run-commands.ts'
import { runs } from '../../state/stores.ts'
import { panelWords } from '../../words/panels.ts'
import { pictureWords } from '../../words/pictures.ts'
import { useWords } from '../../words/words.ts'
import styles from '../panels.module.css'
import { stateWord } from '../queue/state-word.ts'
import { openViewer, savedPicture } from '../viewer/open.ts'
import { drawTable } from './save-table.ts'
import { type Axis, type Cell, table } from './store.ts'

/** The table of pictures as they come, with the values at its edges. */
export function TableView({
  across,
  down,
  cells,
}: {
  readonly across: Axis
  readonly down: Axis | undefined
  readonly cells: readonly Cell[]
}) {
  const say = useWords(pictureWords)
  const panel = useWords(panelWords)
  const all = useStore(runs, (state) => state.runs)
  const infoOf = ({ run }: Cell) => (run === undefined ? undefined : all.get(run))
  const files = cells.map((cell) => infoOf(cell)?.pictures[0])
  const waiting = cells.filter((cell) => infoOf(cell)?.state === 'waiting')
  const shown = cells.flatMap(({ run }, index) =>
    files[index] === undefined ? [] : [{ ...savedPicture(files[index], run), index }],
  )
  const save = () =>
    told(async () => {
      const addresses = files.map((file) => file && savedPicture(file).address)
      const url = URL.createObjectURL(await drawTable(across, down, addresses))
      const anchor = document.createElement('a')
      Object.assign(anchor, { href: url, download: 'table.png' })
      anchor.click()
      setTimeout(() => URL.revokeObjectURL(url), 1000)
    })
  const cellOf = (index: number) => {
    const file = files[index]
    const cell = cells[index] ?? {}
    const info = infoOf(cell)
    if (file === undefined) {
      const fault = cell.error ?? info?.error
      if (fault) return <span className={styles.bad}>{fault}</span>
      return <span className={styles.quiet}>{info ? panel(stateWord(info.state)) : '…'}</span>
    }
    const place = shown.findIndex((one) => one.index === index)
    return (
      <button
        type="button"
        className={styles.tile}
        aria-label={say('show', { name: file })}
        onClick={() => openViewer(shown, place)}
      >
        <img src={api.address(`/api/library/output/thumbnail/${encodeName(file)}`)} alt={file} />
      </button>
    )
  }
  return (
    <>
      <div className={styles.scroll}>
        <table className={styles.table}>
          <caption className={styles.quiet}>
            {across.place}
            {down && ` × ${down.place}`}
          </caption>
          <thead>
            <tr>
              {down && <th />}
              {across.values.map((value) => (
                <th key={String(value)} scope="col">
                  {String(value)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {(down?.values ?? ['']).map((below, row) => (
              <tr key={String(below)}>
                {down && <th scope="row">{String(below)}</th>}
                {across.values.map((value, column) => (
                  <td key={String(value)}>{cellOf(row * across.values.length + column)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div className={styles.row}>
        <Button small disabled={shown.length === 0} onClick={() => void save()}>
          {say('saveTable')}
        </Button>
        <Button
          small
          disabled={waiting.length === 0}
          onClick={() => {
            for (const { run } of waiting) if (run) void told(() => cancelRun(run))
          }}
        >
          {say('stopAll')}
        </Button>
        <Button
          small
          onClick={() => table.setState({ across: undefined, down: undefined, cells: [] })}
        >
          {say('again')}
        </Button>
      </div>
    </>
  )
}
