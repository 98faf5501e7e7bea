import type { ValueSummary } from '../../engine/protocol/values.ts'
import { innerPlace } from '../state/run-summary.ts'
import { runs } from '../state/stores.ts'
import type { Controller } from './controller.ts'
import { pictureAddress } from './node-preview.tsx'
import { showTip } from './wiring.ts'

/** Shows what is on a wire while the pointer is on it. Gives the function that ends it. */
export function listenToHover(controller: Controller): () => void {
  const { container } = controller
  let key: string | undefined

  function over(event: PointerEvent): void {
    if (controller.wiring || event.pointerType === 'touch') return
    const found = (event.target as Element).closest<SVGElement>('[data-link]')?.dataset.link
    if (found === key) return
    key = found
    show(controller, found, event)
  }

  container.addEventListener('pointerover', over)
  return () => container.removeEventListener('pointerover', over)
}

function show(controller: Controller, key: string | undefined, event: PointerEvent): void {
  const screen = { x: event.clientX, y: event.clientY }
  const link = key === undefined ? undefined : controller.scene.links.get(key)
  if (!link) {
    showTip(controller, '', screen)
    return
  }
  const { shown, nodes } = runs.getState()
  const run = shown.get(controller.document.id) ?? ''
  const inner = innerPlace(controller.document.workflow, controller.scene.workflow, link.from)
  const node = controller.prefix() + inner.node
  const value = nodes.get(run)?.get(node)?.values?.[inner.socket]
  const type = controller.scene.socket(link.from, 'out')?.type ?? ''
  const name = `${link.from.node}.${link.from.socket} → ${key}`
  showTip(controller, `${name}\n${value ? summaryText(value) : type}`, screen)
  if (!value?.pictures) return
  const picture = document.createElement('img')
  picture.src = pictureAddress(run, node, inner.socket)
  picture.alt = ''
  controller.container.querySelector('[data-tip]')?.append(picture)
}

/** What is on a wire, in a line. */
export function summaryText({ type, shape, range, value, text }: ValueSummary): string {
  const digits = (number: number) => Number(number.toPrecision(4))
  return [
    type,
    shape && `[${shape.join(', ')}]`,
    range && `${digits(range.min)} … ${digits(range.max)}, ⌀ ${digits(range.mean)}`,
    value !== undefined && String(value).slice(0, 200),
    text,
  ]
    .filter((part) => typeof part === 'string')
    .join(' ')
}
