import { setLayout } from '../state/commands/index.ts'
import { graphWords } from '../words/graph.ts'
import { say } from '../words/words.ts'
import type { Controller } from './controller.ts'
import type { Gesture } from './gestures.ts'
import { edit } from './open-graph.ts'

const least = 80

/** Drags the lower right corner of a frame or note. */
export function beginResize(controller: Controller, start: PointerEvent): Gesture {
  const element = (start.target as Element).closest<HTMLElement>('[data-drawn]')
  const id = element?.dataset.drawn
  const layout = id === undefined ? undefined : controller.scene.drawn.get(id)?.layout
  let size = { width: layout?.width ?? 0, height: layout?.height ?? 0 }
  start.preventDefault()
  return {
    move(event) {
      if (!layout || !element) return
      const { k } = controller.stage.transform
      size = {
        width: Math.max(least, Math.round(layout.width + (event.clientX - start.clientX) / k)),
        height: Math.max(least, Math.round(layout.height + (event.clientY - start.clientY) / k)),
      }
      element.style.width = `${size.width}px`
      element.style.height = `${size.height}px`
    },
    end(_event, cancel) {
      if (!layout || !element || id === undefined) return
      element.style.width = `${layout.width}px`
      element.style.height = `${layout.height}px`
      if (cancel) return
      edit(say(graphWords)('resize'), (workflow) => setLayout(workflow, id, size))
    },
  }
}
