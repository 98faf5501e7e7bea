import * as Dropdown from 'radix-ui/dropdown-menu'
import type { ReactNode } from 'react'
import styles from './ui.module.css'

/** One line of a menu. A line without `run` is a divider. */
export interface MenuItem {
  readonly label: string
  readonly keys?: string
  readonly disabled?: boolean
  readonly checked?: boolean
  readonly run?: () => void
}

/** A button that opens a menu; `children` is the button. */
export function Menu({
  items,
  align = 'start',
  children,
}: {
  readonly items: readonly MenuItem[]
  readonly align?: 'start' | 'end'
  readonly children: ReactNode
}) {
  return (
    <Dropdown.Root modal={false}>
      <Dropdown.Trigger asChild>{children}</Dropdown.Trigger>
      <Dropdown.Portal>
        <Dropdown.Content className={styles.menu} align={align} sideOffset={4} collisionPadding={8}>
          {items.map((item) => (
            <Line key={item.label} {...item} />
          ))}
        </Dropdown.Content>
      </Dropdown.Portal>
    </Dropdown.Root>
  )
}

function Line({ label, keys, disabled = false, checked, run }: MenuItem) {
  if (!run) return <Dropdown.Separator className={styles.divider} />
  const inner = (
    <>
      <span className={styles.tick} aria-hidden>
        {checked ? '✓' : ''}
      </span>
      <span className={styles.grow}>{label}</span>
      {keys && <kbd className={styles.keys}>{keys}</kbd>}
    </>
  )
  return checked === undefined ? (
    <Dropdown.Item className={styles.menuItem} disabled={disabled} onSelect={run}>
      {inner}
    </Dropdown.Item>
  ) : (
    <Dropdown.CheckboxItem
      className={styles.menuItem}
      disabled={disabled}
      checked={checked}
      onSelect={run}
    >
      {inner}
    </Dropdown.CheckboxItem>
  )
}
