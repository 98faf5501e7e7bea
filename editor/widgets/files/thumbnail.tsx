import { FileBox } from 'lucide-react'
import { useStore } from 'zustand'
import type { AssetKind } from '../../../engine/protocol/library.ts'
import { api, encodeName } from '../../link/api.ts'
import { library } from '../../state/stores.ts'
import styles from './files.module.css'

/** The small picture of a file, or a sign where it has none. The name beside it says what it is. */
export function Thumbnail(props: { readonly kind: AssetKind; readonly name: string }) {
  const { kind, name } = props
  const asset = useStore(library, ({ assets }) => assets[kind]?.find((one) => one.name === name))
  if (!asset?.thumbnail) return <FileBox className={styles.sign} aria-hidden />
  const address = api.address(`/api/library/${kind}/thumbnail/${encodeName(name)}`)
  return <img className={styles.small} src={address} alt="" loading="lazy" decoding="async" />
}
