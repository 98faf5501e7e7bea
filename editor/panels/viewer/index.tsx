import { ChevronLeft, ChevronRight } from 'lucide-react'
import { useState } from 'react'
import { api, encodeName } from '../../link/api.ts'
import { told } from '../../shell/deeds.ts'
import type { DialogProps } from '../../shell/dialogs/index.tsx'
import { Button, Dialog, Field, IconButton } from '../../shell/ui/index.ts'
import { notify } from '../../state/stores.ts'
import { newTab } from '../../state/tabs.ts'
import { panelWords } from '../../words/panels.ts'
import { pictureWords } from '../../words/pictures.ts'
import { useWords } from '../../words/words.ts'
import { Compare } from './compare.tsx'
import { differences, factsOf } from './facts.ts'
import { LineageView } from './lineage.tsx'
import type { Viewing } from './open.ts'
import { Stage } from './stage.tsx'
import { useWorkflowOf } from './use-workflow-of.ts'
import styles from './viewer.module.css'

/** One picture in full, how it was made, and beside another on request. */
export function ViewerDialog({ about, onClose }: DialogProps) {
  const say = useWords(pictureWords)
  const panel = useWords(panelWords)
  const [{ pictures, index, against }, setViewing] = useState(about as Viewing)
  const [sure, setSure] = useState(false)
  const picture = pictures[index]
  const other = against === undefined ? undefined : pictures[against]
  const workflow = useWorkflowOf(picture)
  const otherWorkflow = useWorkflowOf(other)
  if (!picture) return null
  const count = pictures.length
  const step = (by: number) => {
    setSure(false)
    setViewing((now) => ({ ...now, index: (now.index + by + count) % count }))
  }
  const remove = () => {
    if (!sure) return setSure(true)
    void told(async () => {
      await api.remove(`/api/library/output/item/${encodeName(picture.file ?? '')}`)
      notify(say('removed', { name: picture.name }), 'good')
      onClose()
    })
  }
  const foot = (
    <>
      {picture.file !== undefined && (
        <Button tone={sure ? 'bad' : 'quiet'} onClick={remove}>
          {sure ? say('reallyRemove') : say('remove')}
        </Button>
      )}
      <Button onClick={() => void told(() => copy(picture.address, say('copied')))}>
        {say('copy')}
      </Button>
      <a className={styles.link} href={picture.address} download={fileName(picture.name)}>
        {panel('download')}
      </a>
      <Button
        tone="main"
        disabled={!workflow}
        onClick={() => {
          if (workflow) newTab(workflow)
          notify(say('opened'), 'good')
          onClose()
        }}
      >
        {panel('restore')}
      </Button>
    </>
  )
  const rows = workflow && otherWorkflow ? differences(workflow, otherWorkflow) : undefined
  return (
    <Dialog title={picture.name} wide onClose={onClose} foot={foot}>
      <div className={styles.viewer}>
        {other ? (
          <Compare left={picture} right={other} />
        ) : (
          <Stage key={picture.address} {...picture} onStep={step} />
        )}
        <div className={styles.side}>
          <div className={styles.row}>
            <IconButton label={say('previous')} disabled={count < 2} onClick={() => step(-1)}>
              <ChevronLeft size={16} />
            </IconButton>
            <span role="status">{say('picture', { index: index + 1, count })}</span>
            <IconButton label={say('next')} disabled={count < 2} onClick={() => step(1)}>
              <ChevronRight size={16} />
            </IconButton>
          </div>
          {count > 1 && (
            <Field label={say('against')}>
              {(ids) => (
                <select
                  {...ids}
                  value={against ?? ''}
                  onChange={({ target: { value } }) =>
                    setViewing({ pictures, index, ...(value && { against: Number(value) }) })
                  }
                >
                  <option value="">{say('nothing')}</option>
                  {pictures.map(({ address, name }, place) => (
                    <option key={address} value={place} disabled={place === index}>
                      {name}
                    </option>
                  ))}
                </select>
              )}
            </Field>
          )}
          {rows && (
            <section aria-label={say('differs')}>
              <h3>{say('differs')}</h3>
              {rows.length === 0 && <p>{say('same')}</p>}
              <table>
                <tbody>
                  {rows.map(({ place, left, right }) => (
                    <tr key={place}>
                      <th scope="row">{place}</th>
                      <td>{left}</td>
                      <td>{right}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </section>
          )}
          {workflow && !rows && (
            <section aria-label={say('facts')}>
              <h3>{say('facts')}</h3>
              <dl className={styles.facts}>
                {factsOf(workflow).map(({ place, value }) => (
                  <div key={place}>
                    <dt>{place}</dt>
                    <dd>{value}</dd>
                  </div>
                ))}
              </dl>
            </section>
          )}
          {picture.file !== undefined && (
            <LineageView
              file={picture.file}
              onPicture={(found) => setViewing({ pictures: [found], index: 0 })}
            />
          )}
        </div>
      </div>
    </Dialog>
  )
}

function fileName(name: string): string {
  return name.split('/').at(-1) ?? name
}

async function copy(address: string, done: string): Promise<void> {
  const bitmap = await createImageBitmap(await (await fetch(address)).blob())
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height)
  canvas.getContext('2d')?.drawImage(bitmap, 0, 0)
  const png = await canvas.convertToBlob({ type: 'image/png' })
  await navigator.clipboard.write([new ClipboardItem({ 'image/png': png })])
  notify(done, 'good')
}
