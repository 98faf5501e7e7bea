import { Brush, Crop } from 'lucide-react'
import { lazy, Suspense, useState } from 'react'
import { loadAssets } from '../link/api.ts'
import { setParam } from '../state/commands/nodes.ts'
import { notify } from '../state/stores.ts'
import type { PatchOp, Workflow } from '../state/types.ts'
import { widgetWords } from '../words/widgets.ts'
import { useWords } from '../words/words.ts'
import type { Region } from './crop/region.ts'
import { upload } from './files/upload.ts'
import { change, openGraph, useEntry } from './open-graph.ts'
import { inputAddress, pictureAt, pictureBeside } from './picture-on.ts'
import styles from './widgets.module.css'

const MaskPainter = lazy(async () => {
  const { MaskPainter } = await import('./mask/mask-painter.tsx')
  return { default: MaskPainter }
})
const CropDialog = lazy(async () => {
  const { CropDialog } = await import('./crop/crop-dialog.tsx')
  return { default: CropDialog }
})

/** Height of the button below the params. */
export const buttonHeight = 30

/** Of "load-mask": opens the painter on the picture that the mask is used with. */
export function MaskBody({ node }: { readonly node: string }) {
  const say = useWords(widgetWords)
  const entry = useEntry(node)
  const [picture, setPicture] = useState<string>()
  const file = typeof entry?.params?.file === 'string' ? entry.params.file : ''
  const open = () => {
    const found = pictureBeside(openGraph(), node) ?? (file ? inputAddress(file) : undefined)
    if (found === undefined) notify(say('noPicture'), 'bad')
    else setPicture(found)
  }
  const save = async (png: Blob) => {
    const asset = await upload('input', `mask-${node}.png`, png)
    await loadAssets('input')
    change(`${node}.file`, (workflow) => setParam(workflow, node, 'file', asset.name))
  }
  return (
    <>
      <button type="button" className={styles.button} style={{ width: '100%' }} onClick={open}>
        <Brush aria-hidden />
        {say('paint')}
      </button>
      {picture !== undefined && (
        <Suspense fallback={null}>
          <MaskPainter
            picture={picture}
            mask={file ? inputAddress(file) : undefined}
            onSave={save}
            onClose={() => setPicture(undefined)}
          />
        </Suspense>
      )}
    </>
  )
}

const sides = ['left', 'top', 'width', 'height'] as const
const defaults: Region = { left: 0, top: 0, width: 512, height: 512 }

/** Of "crop-image": opens the rectangle over the picture on its wire. */
export function CropBody({ node }: { readonly node: string }) {
  const say = useWords(widgetWords)
  const entry = useEntry(node)
  const [picture, setPicture] = useState<string>()
  if (!entry) return null
  const given = sides.map((side) => [side, entry.params?.[side] ?? defaults[side]])
  const open = () => {
    const workflow = openGraph()
    const found = pictureAt(workflow, node, 'image') ?? pictureAt(workflow, node, 'mask')
    if (found === undefined) notify(say('cropNone'), 'bad')
    else setPicture(found)
  }
  return (
    <>
      <button type="button" className={styles.button} style={{ width: '100%' }} onClick={open}>
        <Crop aria-hidden />
        {say('crop')}
      </button>
      {picture !== undefined && (
        <Suspense fallback={null}>
          <CropDialog
            picture={picture}
            region={Object.fromEntries(given) as unknown as Region}
            onApply={(region) => change(`${node}: crop`, (graph) => cropOps(graph, node, region))}
            onClose={() => setPicture(undefined)}
          />
        </Suspense>
      )}
    </>
  )
}

function cropOps(workflow: Workflow, node: string, region: Region): PatchOp[] {
  if (!workflow.nodes[node]?.params) {
    return [{ path: ['nodes', node, 'params'], value: { ...region } }]
  }
  return sides.flatMap((side) => setParam(workflow, node, side, region[side]))
}
