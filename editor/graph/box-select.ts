import { selection } from '../state/stores.ts'
import type { Controller } from './controller.ts'
import type { Gesture } from './gestures.ts'
import { overlaps } from './metrics.ts'

/** Draws a rectangle and selects what it touches; with Ctrl beside what was selected. */
export function beginBox(controller: Controller, start: PointerEvent): Gesture {
  const { container, view, scene } = controller
  const before = start.ctrlKey || start.metaKey ? selection.getState().ids : new Set<string>()
  const element = container.querySelector<HTMLElement>('[data-box]')
  const origin = view.toGraph({ x: start.clientX, y: start.clientY })
  let drawn = false
  return {
    move(event) {
      const { left, top } = container.getBoundingClientRect()
      const from = view.toScreen(origin)
      const x = Math.min(from.x, event.clientX) - left
      const y = Math.min(from.y, event.clientY) - top
      const size = [Math.abs(event.clientX - from.x), Math.abs(event.clientY - from.y)] as const
      drawn ||= size[0] + size[1] > 6
      if (!drawn || !element) return
      Object.assign(element.style, {
        display: 'block',
        left: `${x}px`,
        top: `${y}px`,
        width: `${size[0]}px`,
        height: `${size[1]}px`,
      })
    },
    end(event, cancel) {
      if (element) element.style.display = 'none'
      if (cancel) return
      const to = view.toGraph({ x: event.clientX, y: event.clientY })
      const area = {
        x: Math.min(origin.x, to.x),
        y: Math.min(origin.y, to.y),
        width: Math.abs(origin.x - to.x),
        height: Math.abs(origin.y - to.y),
      }
      const found = drawn ? [...scene.nodesIn(area)] : []
      const whole = [...scene.drawn.values()].filter(
        ({ layout }) => drawn && overlaps(layout, area) && !holds(layout, area),
      )
      const ids = new Set([...before, ...found, ...whole.map(({ id }) => id)])
      selection.setState({ ids, links: new Set() })
      controller.sight.drawFar()
    },
  }
}

interface Rect {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** A rectangle drawn inside a frame selects what is in it, not the frame. */
function holds(frame: Rect, area: Rect): boolean {
  return (
    area.x > frame.x &&
    area.y > frame.y &&
    area.x + area.width < frame.x + frame.width &&
    area.y + area.height < frame.y + frame.height
  )
}
