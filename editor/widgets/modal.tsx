import { type KeyboardEvent, type ReactNode, useEffect, useRef } from 'react'
import { createPortal } from 'react-dom'
import styles from './modal.module.css'

/**
 * A native dialog over the whole editor. What happens in it stays in it: React would hand events
 * on to the node that opened it.
 */
export function Modal(props: {
  readonly label: string
  readonly wide?: boolean
  readonly onClose: () => void
  /** Told of keys that nothing inside has taken. */
  readonly onKey?: (event: KeyboardEvent) => void
  readonly children: ReactNode
}) {
  const { label, wide, onClose, onKey, children } = props
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const { current } = dialog
    if (current && !current.open) current.showModal()
    return () => current?.close()
  }, [])
  const stop = (event: { stopPropagation: () => void }) => event.stopPropagation()
  return createPortal(
    <dialog
      ref={dialog}
      className={`${styles.dialog} ${wide ? styles.wide : ''}`}
      aria-label={label}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
      onClick={stop}
      onKeyDown={(event) => {
        stop(event)
        onKey?.(event)
      }}
      onKeyUp={stop}
      onPointerDown={stop}
      onPointerMove={stop}
      onPointerUp={stop}
      onDoubleClick={stop}
      onWheel={stop}
      onContextMenu={stop}
      onCopy={stop}
      onCut={stop}
      onPaste={stop}
    >
      {children}
    </dialog>,
    document.body,
  )
}
