import type { PointerEvent as ReactPointerEvent } from 'react'
import { useEffect, useRef } from 'react'
import { runs } from '../state/stores.ts'
import { graphWords } from '../words/graph.ts'
import { useWords } from '../words/words.ts'
import type { Controller } from './controller.ts'
import styles from './graph.module.css'
import { around, type Box } from './metrics.ts'
import { useController } from './use-controller.ts'

const size = { width: 180, height: 120 }

/** The whole graph small, with what the window shows; a press goes there. */
export function Minimap() {
  const controller = useController()
  const say = useWords(graphWords)
  const canvas = useRef<HTMLCanvasElement>(null)
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    // The small picture may lag: the large one may not.
    const later = () => {
      timer ??= setTimeout(() => {
        timer = undefined
        if (canvas.current) draw(canvas.current, controller)
      }, 150)
    }
    const ends = [controller.follow(later), controller.scene.follow(later), runs.subscribe(later)]
    later()
    return () => {
      clearTimeout(timer)
      for (const end of ends) end()
    }
  }, [controller])
  const go = (event: ReactPointerEvent<HTMLCanvasElement>) => {
    if (event.buttons !== 1) return
    const { left, top } = event.currentTarget.getBoundingClientRect()
    const { box, scale } = layout(controller)
    const { k, width, height } = controller.view.state()
    const x = box.x + (event.clientX - left) / scale
    const y = box.y + (event.clientY - top) / scale
    controller.view.set({ k, x: width / 2 - x * k, y: height / 2 - y * k })
  }
  return (
    <canvas
      ref={canvas}
      className={styles.minimap}
      data-over
      {...size}
      role="img"
      aria-label={say('minimap')}
      onPointerDown={go}
      onPointerMove={go}
    />
  )
}

function layout({ scene, view }: Controller): { box: Box; scale: number } {
  const { x, y, k, width, height } = view.state()
  const seen = { x: -x / k, y: -y / k, width: width / k, height: height / k }
  const boxes = [...scene.nodes.values()].map((item) => item.box)
  const box = around([...boxes, seen]) ?? seen
  return { box, scale: Math.min(size.width / box.width, size.height / box.height) }
}

function draw(canvas: HTMLCanvasElement, controller: Controller): void {
  const { scene, view, document, prefix, container } = controller
  const context = canvas.getContext('2d')!
  const style = getComputedStyle(container)
  const colour = (name: string) => style.getPropertyValue(name) || '#888'
  const { box, scale } = layout(controller)
  const states = runs.getState().nodes.get(runs.getState().shown.get(document.id) ?? '')
  const plain = colour('--line-strong')
  const marked: Readonly<Record<string, string>> = {
    running: colour('--good'),
    failed: colour('--bad'),
  }
  context.setTransform(1, 0, 0, 1, 0, 0)
  context.clearRect(0, 0, size.width, size.height)
  context.setTransform(scale, 0, 0, scale, -box.x * scale, -box.y * scale)
  for (const { layout: frame } of scene.drawn.values()) {
    context.fillStyle = frame.colour ?? colour('--surface-3')
    context.fillRect(frame.x, frame.y, frame.width, frame.height)
  }
  for (const { id, box: place } of scene.nodes.values()) {
    context.fillStyle = marked[states?.get(prefix() + id)?.state ?? ''] ?? plain
    context.fillRect(place.x, place.y, place.width, place.height)
  }
  const { x, y, k, width, height } = view.state()
  context.strokeStyle = colour('--accent')
  context.lineWidth = 2 / scale
  context.strokeRect(-x / k, -y / k, width / k, height / k)
}
