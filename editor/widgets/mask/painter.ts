import {
  type Brush,
  featherMask,
  invertMask,
  type MaskArea,
  type MaskBitmap,
  type MaskPoint,
  paintOutline,
  paintStroke,
  strokeArea,
  wholeArea,
} from './bitmap.ts'
import { type MaskHistory, maskHistory } from './tiles.ts'

/** A mask being painted: strokes and whole changes as steps of undo; tells what to draw again. */
export interface Painter {
  readonly mask: MaskBitmap
  readonly history: MaskHistory
  /** Goes on with a stroke through these points; the first call of a stroke begins it. */
  stroke(points: readonly MaskPoint[], brush: Brush): void
  /** Ends a stroke. */
  end(): void
  lasso(points: readonly MaskPoint[], erase: boolean): void
  whole(what: 'fill' | 'clear' | 'invert' | 'feather', radius?: number): void
  undo(): void
  redo(): void
}

/** Begins with a mask; `onPaint` is told of every area that looks different. */
export function createPainter(mask: MaskBitmap, onPaint: (area: MaskArea) => void): Painter {
  const history = maskHistory(mask)
  let last: MaskPoint | undefined

  function all(change: () => void): void {
    history.touch(wholeArea(mask))
    change()
    history.commit()
    onPaint(wholeArea(mask))
  }

  return {
    mask,
    history,
    stroke(points, brush) {
      for (const point of points) {
        const from = last ?? point
        const area = strokeArea(mask, from, point, brush)
        history.touch(area)
        paintStroke(mask, from, point, brush)
        onPaint(area)
        last = point
      }
    },
    end() {
      last = undefined
      history.commit()
    },
    lasso: (points, erase) => all(() => paintOutline(mask, points, erase ? 0 : 255)),
    whole(what, radius = 0) {
      const changes = {
        fill: () => void mask.data.fill(255),
        clear: () => void mask.data.fill(0),
        invert: () => invertMask(mask),
        feather: () => featherMask(mask, radius),
      }
      all(changes[what])
    },
    undo() {
      const area = history.undo()
      if (area) onPaint(area)
    },
    redo() {
      const area = history.redo()
      if (area) onPaint(area)
    },
  }
}
