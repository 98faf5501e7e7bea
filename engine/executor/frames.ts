import { encodeWebp } from '../formats/picture.ts'
import type { NumericTensor } from '../sockets.ts'
import type { PreviewFrame } from './types.ts'

/** Pictures of running nodes on their way out: never more often than a person sees. */
export interface Frames {
  /** Shows a picture unless a newer one comes within the next tenth of a second. */
  offer(node: string, value: unknown): void
  /** Shows a picture for certain, on all these nodes, in place of what was offered. */
  show(nodes: readonly string[], value: unknown): Promise<void>
  /** Settles when all that was offered has left. */
  flush(): Promise<void>
}

export interface FramesOptions {
  readonly run: string
  /** Settles when the frame has left; meanwhile newer ones replace each other. */
  readonly send: (frame: PreviewFrame) => Promise<void>
  readonly clock: () => number
}

/** Milliseconds between two frames of a node. */
const pause = 100
const maxItems = 16
const maxSide = 2048

interface Line {
  waiting: NumericTensor | undefined
  /** When the last frame left. */
  sent: number
  work: Promise<void> | undefined
}

/** Opens the way of pictures for one run. */
export function createFrames({ run, send, clock }: FramesOptions): Frames {
  const lines = new Map<string, Line>()
  let isFlushing = false
  const lineOf = (node: string): Line => {
    const line = lines.get(node) ?? { waiting: undefined, sent: -Infinity, work: undefined }
    lines.set(node, line)
    return line
  }
  const encode = async (nodes: readonly string[], image: NumericTensor) => {
    const items = image.shape[0]!
    for (let item = 0; item < Math.min(items, maxItems); item++) {
      const { bytes, width, height } = await encodeWebp(image, item, { maxSide })
      for (const node of nodes) {
        await send({ head: { run, node, item, items, width, height }, bytes })
      }
    }
  }
  const work = async (node: string, line: Line) => {
    while (line.waiting) {
      const rest = line.sent + pause - clock()
      if (rest > 0 && !isFlushing) await sleep(rest)
      const image = line.waiting
      if (!image) break
      line.waiting = undefined
      line.sent = clock()
      // A preview is worth no failure.
      await encode([node], image).catch(() => undefined)
    }
    line.work = undefined
  }
  const flush = async () => {
    isFlushing = true
    await Promise.all([...lines.values()].map((line) => line.work))
    isFlushing = false
  }
  return {
    offer(node, value) {
      if (!isPictures(value)) return
      const line = lineOf(node)
      line.waiting = value
      line.work ??= work(node, line)
    },
    async show(nodes, value) {
      if (!isPictures(value)) return
      for (const node of nodes) {
        const line = lineOf(node)
        line.waiting = undefined
        await line.work
      }
      await encode(nodes, value).catch(() => undefined)
    },
    flush,
  }
}

function isPictures(value: unknown): value is NumericTensor {
  const { data, shape } = (value ?? {}) as Partial<NumericTensor>
  if (!(data instanceof Float32Array) || shape?.length !== 4) return false
  return shape[1] === 1 || shape[1] === 3
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
