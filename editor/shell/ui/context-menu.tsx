import * as Context from 'radix-ui/context-menu'
import type { ReactNode } from 'react'
import styles from './ui.module.css'

/** One line of a context menu: a divider without `run` and `items`. */
export interface ContextItem {
  readonly label: string
  readonly keys?: string
  readonly disabled?: boolean
  readonly checked?: boolean
  readonly run?: () => void
  /** A menu of its own. */
  readonly items?: readonly ContextItem[]
}

/** A menu at the pointer. `children` take the press. */
export function ContextMenu({
  label,
  items,
  children,
}: {
  readonly label: string
  readonly items: readonly ContextItem[]
  readonly children: ReactNode
}) {
  return (
    <Context.Root modal={false}>
      <Context.Trigger asChild>{children}</Context.Trigger>
      <Context.Portal>
        <Context.Content className={styles.menu} aria-label={label} collisionPadding={8}>
          <Lines items={items} />
        </Context.Content>
      </Context.Portal>
    </Context.Root>
  )
}

function Lines({ items }: { readonly items: readonly ContextItem[] }) {
  return items.map((item, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: dividers have nothing else, and the menu stays.
    <Line key={`${index} ${item.label}`} item={item} />
  ))
}

function Line({ item }: { readonly item: ContextItem }) {
  const { label, keys, disabled = false, checked, run, items } = item
  const inner = (
    <>
      <span className={styles.tick} aria-hidden>
        {checked ? '✓' : ''}
      </span>
      <span className={styles.grow}>{label}</span>
      {items && <span aria-hidden>▸</span>}
      {keys && <kbd className={styles.keys}>{keys}</kbd>}
    </>
  )
  if (items) {
    return (
      <Context.Sub>
        <Context.SubTrigger className={styles.menuItem} disabled={disabled || items.length === 0}>
          {inner}
        </Context.SubTrigger>
        <Context.Portal>
          <Context.SubContent className={styles.menu} collisionPadding={8}>
            <Lines items={items} />
          </Context.SubContent>
        </Context.Portal>
      </Context.Sub>
    )
  }
  if (!run) return <Context.Separator className={styles.divider} />
  return checked === undefined ? (
    <Context.Item className={styles.menuItem} disabled={disabled} onSelect={run}>
      {inner}
    </Context.Item>
  ) : (
    <Context.CheckboxItem
      className={styles.menuItem}
      disabled={disabled}
      checked={checked}
      onSelect={run}
    >
      {inner}
    </Context.CheckboxItem>
  )
}
