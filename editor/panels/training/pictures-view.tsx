import type { DatasetEntry } from '../../../engine/protocol/training.ts'
import { api, encodeName } from '../../link/api.ts'
import { Button } from '../../shell/ui/index.ts'
import { trainingWords } from '../../words/training.ts'
import { useWords } from '../../words/words.ts'
import styles from './training.module.css'
import type { OpenDataset } from './use-dataset.ts'

/** The pictures of a folder with the part that training sees, and what the doctor says of them. */
export function PicturesView({ dataset, folder }: { dataset: OpenDataset; folder: string }) {
  const say = useWords(trainingWords)
  const { reply, busy } = dataset
  if (!reply) return null
  const found = (file: string) => reply.findings.filter((finding) => finding.file === file)
  const general = reply.findings.filter(({ file }) => !file)
  return (
    <div className={styles.pictures}>
      <div className={styles.controls}>
        <span>{say('count', { count: reply.entries.length })}</span>
        <Button small disabled={busy} onClick={() => void dataset.load({ check: true })}>
          {say(busy ? 'checking' : 'check')}
        </Button>
      </div>
      {general.length > 0 && (
        <section aria-label={say('findings')}>
          <h3>{say('findings')}</h3>
          <ul className={styles.findings}>
            {general.map(({ severity, message }) => (
              <li key={message} data-severity={severity}>
                {message}
              </li>
            ))}
          </ul>
        </section>
      )}
      <p className={styles.small}>{say('crop')}</p>
      <ul className={styles.tiles}>
        {reply.entries.map((entry) => (
          <li key={entry.file} data-faulty={found(entry.file).length > 0}>
            <Cropped entry={entry} folder={folder} />
            <p className={styles.file}>{entry.file}</p>
            {entry.bucket && (
              <p className={styles.small}>
                {say('bucket', { width: entry.bucket[0], height: entry.bucket[1] })}
              </p>
            )}
            {found(entry.file).map(({ severity, message }) => (
              <p key={message} className={styles.finding} data-severity={severity}>
                {message}
              </p>
            ))}
          </li>
        ))}
      </ul>
    </div>
  )
}

/** A thumbnail on which everything outside the crop is dimmed. */
function Cropped({ entry, folder }: { entry: DatasetEntry; folder: string }) {
  const say = useWords(trainingWords)
  const { file, width, height, crop, caption } = entry
  const address = api.address(`/api/library/input/thumbnail/${encodeName(`${folder}/${file}`)}`)
  const part = (length: number, whole: number) => `${(100 * length) / whole}%`
  return (
    <div className={styles.cropped} style={{ aspectRatio: `${width} / ${height}` }}>
      <img src={address} alt={caption || say('noCaption')} loading="lazy" decoding="async" />
      {crop && (
        <span
          className={styles.crop}
          style={{
            left: part(crop.x, width),
            top: part(crop.y, height),
            width: part(crop.width, width),
            height: part(crop.height, height),
          }}
        />
      )}
    </div>
  )
}
