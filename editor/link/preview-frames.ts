import type { PreviewHead } from '../../engine/protocol/messages.ts'
import { previews } from '../state/stores.ts'
import { gatherPerFrame } from './frames.ts'

/** Pictures of a running sampler: shown once per frame, the former address revoked. */

/** The head and picture of a binary frame; undefined where it is cut short or no such frame. */
export function readPreview(
  frame: ArrayBuffer,
): { readonly head: PreviewHead; readonly picture: Uint8Array<ArrayBuffer> } | undefined {
  if (frame.byteLength < 4) return undefined
  const length = new DataView(frame).getUint32(0, true)
  if (4 + length > frame.byteLength) return undefined
  try {
    const head = JSON.parse(new TextDecoder().decode(new Uint8Array(frame, 4, length)))
    return { head, picture: new Uint8Array(frame, 4 + length) }
  } catch {
    return undefined
  }
}

/** Shows previews in the store; only the newest of a node within a frame gets an address. */
export function createPreviews(): { show(frame: ArrayBuffer): void; forget(run: string): void } {
  const gathering = gatherPerFrame<ArrayBuffer>((frames) => {
    const newest = new Map<string, Uint8Array<ArrayBuffer>>()
    for (const frame of frames) {
      const read = readPreview(frame)
      if (read) newest.set(previewKey(read.head), read.picture)
    }
    previews.setState(({ urls }) => {
      const next = new Map(urls)
      for (const [key, picture] of newest) {
        revoke(next.get(key))
        next.set(key, URL.createObjectURL(new Blob([picture], { type: 'image/webp' })))
      }
      return { urls: next }
    })
  })
  return {
    show: (frame) => gathering.add(frame),
    forget(run) {
      previews.setState(({ urls }) => {
        const gone = [...urls].filter(([key]) => key.startsWith(`${run} `))
        for (const [, url] of gone) revoke(url)
        if (gone.length === 0) return { urls }
        const lost = new Set(gone.map(([key]) => key))
        return { urls: new Map([...urls].filter(([key]) => !lost.has(key))) }
      })
    },
  }
}

/** Under which a preview stands: "run node", further pictures of a batch "run node item". */
export function previewKey({ run, node, item }: PreviewHead): string {
  return item === 0 ? `${run} ${node}` : `${run} ${node} ${item}`
}

function revoke(url: string | undefined): void {
  if (url !== undefined) URL.revokeObjectURL(url)
}
