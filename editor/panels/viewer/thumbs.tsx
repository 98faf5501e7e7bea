import { pictureWords } from '../../words/pictures.ts'
import { useWords } from '../../words/words.ts'
import styles from '../panels.module.css'
import { openViewer, type ViewedPicture } from './open.ts'

/** Pictures in a row, small; each opens the viewer. */
export function Thumbs({ pictures }: { readonly pictures: readonly ViewedPicture[] }) {
  const say = useWords(pictureWords)
  if (pictures.length === 0) return null
  return (
    <div className={styles.values}>
      {pictures.map(({ address, name }, index) => (
        <button
          key={address}
          type="button"
          aria-label={say('show', { name })}
          onClick={() => openViewer(pictures, index)}
        >
          <img src={address} alt="" loading="lazy" decoding="async" />
        </button>
      ))}
    </div>
  )
}
