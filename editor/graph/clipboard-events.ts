import { copyText, pasteOps } from '../state/clipboard.ts'
import { removeItems } from '../state/commands/index.ts'
import { selection } from '../state/stores.ts'
import { graphWords } from '../words/graph.ts'
import { say } from '../words/words.ts'
import type { Controller } from './controller.ts'
import type { Point } from './metrics.ts'
import { edit } from './open-graph.ts'

/** Copy, cut and paste by the browser's own events. Gives the function that ends it. */
export function listenToClipboard(controller: Controller): () => void {
  const { container, scene, view } = controller
  let pointer: Point | undefined
  let reconnect = false

  const copy = (event: ClipboardEvent): void => {
    if (!isOurs(container, event)) return
    const text = copyText(scene.workflow, selection.getState().ids)
    if (text === '') return
    event.preventDefault()
    event.clipboardData?.setData('text/plain', text)
    if (event.type !== 'cut') return
    const { ids } = selection.getState()
    edit(say(graphWords)('remove'), (workflow) => removeItems(workflow, ids))
  }

  const paste = (event: ClipboardEvent): void => {
    if (!isOurs(container, event)) return
    const text = event.clipboardData?.getData('text/plain') ?? ''
    const at = pointer ? view.toGraph(pointer) : middle(controller)
    const rounded = { x: Math.round(at.x), y: Math.round(at.y) }
    edit(say(graphWords)('paste'), (workflow) => {
      const pasted = pasteOps(workflow, text, rounded, { reconnect })
      if (!pasted) return []
      event.preventDefault()
      ids = pasted.ids
      return pasted.ops
    })
    if (ids.length > 0) selection.setState({ ids: new Set(ids), links: new Set() })
    ids = []
  }
  let ids: readonly string[] = []

  const move = ({ clientX, clientY }: PointerEvent): void => {
    pointer = { x: clientX, y: clientY }
  }
  const leave = (): void => {
    pointer = undefined
  }
  const key = (event: KeyboardEvent): void => {
    if (event.key.toLowerCase() === 'v') reconnect = event.shiftKey
  }

  container.addEventListener('pointermove', move)
  container.addEventListener('pointerleave', leave)
  addEventListener('keydown', key, { capture: true })
  document.addEventListener('copy', copy)
  document.addEventListener('cut', copy)
  document.addEventListener('paste', paste)
  return () => {
    container.removeEventListener('pointermove', move)
    container.removeEventListener('pointerleave', leave)
    removeEventListener('keydown', key, { capture: true })
    document.removeEventListener('copy', copy)
    document.removeEventListener('cut', copy)
    document.removeEventListener('paste', paste)
  }
}

/** Text fields keep their own clipboard; so does text that is marked elsewhere. */
function isOurs(container: HTMLElement, { target, defaultPrevented }: ClipboardEvent): boolean {
  const element = target instanceof Element ? target : document.body
  if (defaultPrevented || element.closest('input,textarea,[contenteditable]')) return false
  return container.contains(element) || element === document.body
}

function middle({ view }: Controller): Point {
  const { x, y, k, width, height } = view.state()
  return { x: (width / 2 - x) / k - 120, y: (height / 2 - y) / k - 60 }
}
