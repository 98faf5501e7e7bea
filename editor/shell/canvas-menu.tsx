import { type KeyboardEvent, type MouseEvent as Press, useState } from 'react'
import { GraphCanvas } from '../graph/canvas.tsx'
import { view } from '../graph/view.ts'
import { selection } from '../state/stores.ts'
import { subgraphWords } from '../words/subgraphs.ts'
import { useWords } from '../words/words.ts'
import styles from './banner.module.css'
import { type MenuTarget, menuFor } from './menus.ts'
import { type ContextItem, ContextMenu } from './ui/context-menu.tsx'

/** The canvas with its menus: by the right button, a long press, or Shift+F10. */
export function MenuCanvas() {
  const say = useWords(subgraphWords)
  const [items, setItems] = useState<readonly ContextItem[]>([])
  function aim(event: Press): void {
    const target = targetOf(event)
    choose(target)
    setItems(menuFor(target))
  }
  return (
    <ContextMenu label={say('menu')} items={items}>
      <div className={styles.fill}>
        {/* biome-ignore lint/a11y/noStaticElementInteractions: the canvas inside has the keys. */}
        <div
          className={styles.fill}
          onPointerDown={(event) => {
            if (event.pointerType !== 'mouse') setItems(menuFor(targetOf(event)))
          }}
          onContextMenu={(event) => {
            // Text keeps the menu of the browser.
            if (isText(event.target)) event.stopPropagation()
            else aim(event)
          }}
          onKeyDown={openByKey}
        >
          <GraphCanvas />
        </div>
      </div>
    </ContextMenu>
  )
}

function targetOf(event: Press): MenuTarget {
  const element = event.target as Element
  const { clientX: x, clientY: y } = event
  const at = view.toGraph({ x, y })
  const link = element.closest<SVGElement>('[data-link]')?.dataset.link
  const item = element.closest<HTMLElement>('[data-node],[data-drawn]')
  return { item: item?.dataset.node ?? item?.dataset.drawn ?? boxAt(at), link, at }
}

/** The smallest item at a point, where boxes on a canvas stand for nodes. */
function boxAt({ x, y }: MenuTarget['at']): string | undefined {
  const inside = [...view.boxes()].filter(
    ([, box]) => x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height,
  )
  return inside.sort(([, a], [, b]) => a.width * a.height - b.width * b.height)[0]?.[0]
}

/** What a menu is for is selected, with all that was selected with it. */
function choose({ item, link }: MenuTarget): void {
  const { ids } = selection.getState()
  if (link !== undefined) selection.setState({ ids: new Set(), links: new Set([link]) })
  else if (item !== undefined && !ids.has(item)) {
    selection.setState({ ids: new Set([item]), links: new Set() })
  }
}

function openByKey(event: KeyboardEvent): void {
  const asked = event.key === 'ContextMenu' || (event.key === 'F10' && event.shiftKey)
  if (!asked || isText(event.target)) return
  event.preventDefault()
  const element = event.target as HTMLElement
  const { left, top } = element.getBoundingClientRect()
  const at = { clientX: left + 24, clientY: top + 16 }
  element.dispatchEvent(new MouseEvent('contextmenu', { bubbles: true, cancelable: true, ...at }))
}

function isText(target: EventTarget): boolean {
  return target instanceof Element && target.closest('input,textarea,[contenteditable]') !== null
}
