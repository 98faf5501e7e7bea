import { api, encodeName } from '../../link/api.ts'
import { surface } from '../../state/stores.ts'

/** A picture that can be looked at: a saved file, or a value on a wire of a run. */
export interface ViewedPicture {
  readonly address: string
  readonly name: string
  /** The run that made it. */
  readonly run?: string | undefined
  /** Its name below the output folder, where it was saved. */
  readonly file?: string | undefined
}

/** What the viewer is opened with. */
export interface Viewing {
  readonly pictures: readonly ViewedPicture[]
  readonly index: number
  /** Place of the picture that it is compared with. */
  readonly against?: number
}

/** Opens the viewer over the editor. */
export function openViewer(pictures: readonly ViewedPicture[], index = 0, against?: number): void {
  const about: Viewing = { pictures, index, ...(against !== undefined && { against }) }
  surface.setState({ dialog: { name: 'viewer', about } })
}

/** A picture of the output folder. */
export function savedPicture(file: string, run?: string): ViewedPicture {
  return {
    ...{ name: file, file, run },
    address: api.address(`/api/library/output/file/${encodeName(file)}`),
  }
}

/** The pictures of an output of a node of a run. */
export function wirePictures(
  run: string,
  node: string,
  output: string,
  count: number,
): ViewedPicture[] {
  return Array.from({ length: count }, (_, index) => {
    const place = [run, 'values', node, output, String(index)].map(encodeURIComponent).join('/')
    const name = count > 1 ? `${node}.${output} ${index + 1}` : `${node}.${output}`
    return { name, run, address: api.address(`/api/runs/${place}`) }
  })
}
