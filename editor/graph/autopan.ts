import type { Controller } from './controller.ts'

const edge = 36
const fastest = 14

/** Moves the canvas while the pointer is at its edge. */
export function autopan(controller: Controller, moved: () => void) {
  let frame = 0
  let speed = { x: 0, y: 0 }

  function tick(): void {
    const { x, y, k } = controller.stage.transform
    controller.view.set({ k, x: x - speed.x, y: y - speed.y })
    moved()
    frame = requestAnimationFrame(tick)
  }

  function stop(): void {
    cancelAnimationFrame(frame)
    frame = 0
  }

  return {
    /** Tells where the pointer is. */
    at({ clientX, clientY }: PointerEvent): void {
      const { left, top, right, bottom } = controller.container.getBoundingClientRect()
      speed = {
        x: pace(clientX - left, right - clientX),
        y: pace(clientY - top, bottom - clientY),
      }
      if (speed.x === 0 && speed.y === 0) stop()
      else if (frame === 0) frame = requestAnimationFrame(tick)
    },
    stop,
  }
}

function pace(before: number, after: number): number {
  if (before < edge) return -fastest * Math.min(1, (edge - before) / edge)
  return after < edge ? fastest * Math.min(1, (edge - after) / edge) : 0
}
