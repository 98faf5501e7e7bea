import { Buffer } from 'node:buffer'
import type { DatasetFile, DatasetSource } from '../dataset/source.ts'
import { FormatError } from '../errors.ts'
import { encodePng } from '../formats/picture.ts'
import { captionOf, type DrawOptions, drawPicture } from './draw-picture.ts'
import { pictureSize } from './layout.ts'

/** A set of drawn pictures: how it is drawn, and how many there are. */
export interface DrawnSet extends Omit<DrawOptions, 'facts'> {
  readonly count: number
}

/**
 * A folder that is not there: `00000.png` with its caption in `00000.txt` and so on, each drawn
 * when it is read. Whatever reads a folder of pictures reads it. The sizes in its list are those of
 * the pixels, uncompressed, as nothing is drawn for a list.
 */
export function drawnSource(set: DrawnSet): DatasetSource {
  const files = filesOf(set)
  const known = new Map(files.map(({ path, index }) => [path, index]))
  async function read(path: string): Promise<Uint8Array> {
    const index = known.get(path)
    if (index === undefined) {
      throw new FormatError(`${path}: no such file, one of ${set.count} drawn pictures expected`)
    }
    if (path.endsWith('.txt')) return bytesOf(captionOf(index, set))
    const { image, size } = drawPicture(index, set)
    return encodePng({ data: image, shape: [1, 3, size, size] })
  }
  return {
    list: async () => files.map(({ path, size, modified }) => ({ path, size, modified })),
    read,
    async hash(path) {
      const bytes = new Uint8Array(await read(path))
      return Buffer.from(await crypto.subtle.digest('SHA-256', bytes)).toString('hex')
    },
  }
}

function filesOf(set: DrawnSet): readonly (DatasetFile & { readonly index: number })[] {
  const size = 3 * (set.half ? pictureSize / 2 : pictureSize) ** 2
  return Array.from({ length: set.count }, (_, index) => {
    const name = String(index).padStart(5, '0')
    const caption = {
      path: `${name}.txt`,
      size: bytesOf(captionOf(index, set)).length,
      modified: 0,
      index,
    }
    return [{ path: `${name}.png`, size, modified: 0, index }, caption]
  }).flat()
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
