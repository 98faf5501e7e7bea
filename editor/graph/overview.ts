import { selection } from '../state/stores.ts'
import { linkPoint } from './link-path.ts'
import { headerHeight } from './metrics.ts'
import type { Scene } from './scene.ts'
import type { Transform } from './view.ts'

/** The graph from far away: boxes with titles on a canvas. */
export interface Overview {
  draw(transform: Transform): void
  hide(): void
  destroy(): void
}

/** Adds a hidden canvas to the element. */
export function createOverview(container: HTMLElement, scene: Scene): Overview {
  const canvas = document.createElement('canvas')
  canvas.style.cssText = 'position:absolute;inset:0;width:100%;height:100%;z-index:1'
  canvas.setAttribute('aria-hidden', 'true')
  canvas.hidden = true
  container.append(canvas)
  let colours: Colours | undefined

  function draw({ x, y, k }: Transform): void {
    const { clientWidth: width, clientHeight: height } = container
    if (canvas.hidden) {
      canvas.hidden = false
      colours = undefined
    }
    colours ??= coloursOf(container)
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width
      canvas.height = height
    }
    const context = canvas.getContext('2d')!
    context.setTransform(1, 0, 0, 1, 0, 0)
    context.clearRect(0, 0, width, height)
    context.setTransform(k, 0, 0, k, x, y)
    const area = { x: -x / k, y: -y / k, width: width / k, height: height / k }
    context.lineWidth = 1 / k
    drawFrames(context, scene)
    drawLinks(context, scene, scene.linksIn(area), colours)
    drawNodes(context, scene, scene.nodesIn(area), colours, k)
  }

  return {
    draw,
    hide() {
      canvas.hidden = true
    },
    destroy: () => canvas.remove(),
  }
}

interface Colours {
  readonly box: string
  readonly head: string
  readonly line: string
  readonly text: string
  readonly chosen: string
  readonly font: string
}

function coloursOf(container: HTMLElement): Colours {
  const style = getComputedStyle(container)
  const of = (name: string, other: string) => style.getPropertyValue(name).trim() || other
  return {
    box: of('--surface-1', '#fff'),
    head: of('--surface-3', '#ddd'),
    line: of('--line-strong', '#888'),
    text: of('--text-2', '#333'),
    chosen: of('--accent', '#25c'),
    font: of('--font', 'sans-serif'),
  }
}

function drawFrames(context: CanvasRenderingContext2D, { drawn }: Scene): void {
  context.globalAlpha = 0.25
  for (const { layout } of drawn.values()) {
    context.fillStyle = layout.colour ?? '#8892a6'
    context.fillRect(layout.x, layout.y, layout.width, layout.height)
  }
  context.globalAlpha = 1
}

function drawLinks(
  context: CanvasRenderingContext2D,
  scene: Scene,
  keys: Iterable<string>,
  { line }: Colours,
): void {
  context.beginPath()
  for (const key of keys) {
    const { from, to } = scene.links.get(key)!
    const start = scene.socketAt(from, 'out')
    const end = scene.socketAt(to, 'in')
    if (!start || !end) continue
    const middle = linkPoint(start, end, 0.5)
    context.moveTo(start.x, start.y)
    context.lineTo(middle.x, middle.y)
    context.lineTo(end.x, end.y)
  }
  context.strokeStyle = line
  context.stroke()
}

function drawNodes(
  context: CanvasRenderingContext2D,
  { nodes, moved }: Scene,
  ids: Iterable<string>,
  colours: Colours,
  k: number,
): void {
  const { ids: chosen } = selection.getState()
  const items = [...ids].map((id) => nodes.get(id)!)
  const corner = (id: string) => moved.get(id) ?? nodes.get(id)!.box
  context.fillStyle = colours.box
  for (const { id, box } of items) {
    const { x, y } = corner(id)
    context.fillRect(x, y, box.width, box.height)
  }
  context.fillStyle = colours.head
  for (const { id, box, layout } of items) {
    const { x, y } = corner(id)
    if (layout.colour) context.fillStyle = layout.colour
    context.fillRect(x, y, box.width, Math.min(headerHeight, box.height))
    if (layout.colour) context.fillStyle = colours.head
  }
  context.lineWidth = 2 / k
  context.strokeStyle = colours.chosen
  for (const { id, box } of items) {
    if (!chosen.has(id)) continue
    const { x, y } = corner(id)
    context.strokeRect(x, y, box.width, box.height)
  }
  if (k < 0.16) return
  context.fillStyle = colours.text
  context.font = `${Math.min(22, 9 / k)}px ${colours.font}`
  for (const { id, info, entry, layout } of items) {
    const { x, y } = corner(id)
    context.fillText(layout.title ?? info?.title ?? entry.type, x + 8, y + 24)
  }
}
