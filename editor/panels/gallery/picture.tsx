import { useEffect, useState } from 'react'
import type { Lineage } from '../../../engine/protocol/library.ts'
import { api, encodeName } from '../../link/api.ts'
import { openPicture } from '../../shell/open-file.ts'
import { Button, Dialog } from '../../shell/ui/index.ts'
import { panelWords } from '../../words/panels.ts'
import { useWords } from '../../words/words.ts'
import styles from '../panels.module.css'
import type { Saved } from './index.tsx'

/** One picture, what it came from, and the way back to its workflow. */
export function Picture({
  picture: { name, width, height },
  onClose,
}: {
  readonly picture: Saved
  readonly onClose: () => void
}) {
  const say = useWords(panelWords)
  const [lineage, setLineage] = useState<Lineage>()
  useEffect(() => {
    const id = encodeURIComponent(`output:${name}`)
    api.get<Lineage>(`/api/lineage?id=${id}`).then(setLineage, () => setLineage(undefined))
  }, [name])
  const address = api.address(`/api/library/output/file/${encodeName(name)}`)
  const foot = (
    <>
      <a className={styles.link} href={address} download={name.split('/').at(-1)}>
        {say('download')}
      </a>
      <Button
        tone="main"
        onClick={() => {
          void openPicture('output', name)
          onClose()
        }}
      >
        {say('restore')}
      </Button>
    </>
  )
  return (
    <Dialog title={name} wide onClose={onClose} foot={foot}>
      <img src={address} alt={name} width={width} height={height} style={{ height: 'auto' }} />
      {lineage && lineage.nodes.length > 1 && (
        <>
          <h3>{say('lineage')}</h3>
          <ul>
            {lineage.links.map(({ from, to }) => (
              <li key={`${from} ${to}`}>
                {titled(lineage, from)} → {titled(lineage, to)}
              </li>
            ))}
          </ul>
        </>
      )}
    </Dialog>
  )
}

function titled({ nodes }: Lineage, id: string): string {
  return nodes.find((node) => node.id === id)?.title ?? id
}
