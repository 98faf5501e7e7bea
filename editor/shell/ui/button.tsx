import type { ButtonHTMLAttributes, ReactNode, Ref } from 'react'
import styles from './ui.module.css'

type Native = Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'className' | 'type'>

/** A button with words on it. */
export function Button({
  tone = 'plain',
  small = false,
  icon,
  children,
  ...rest
}: Native & {
  readonly tone?: 'plain' | 'main' | 'quiet' | 'bad'
  readonly small?: boolean
  readonly icon?: ReactNode
  readonly ref?: Ref<HTMLButtonElement>
}) {
  return (
    <button
      type="button"
      className={`${styles.button} ${styles[tone]} ${small ? styles.small : ''}`}
      {...rest}
    >
      {icon}
      {children}
    </button>
  )
}

/** A button with a picture on it; the label is read out and shown on hover. */
export function IconButton({
  label,
  hint = label,
  pressed,
  children,
  ...rest
}: Native & {
  readonly label: string
  readonly hint?: string
  readonly pressed?: boolean
  readonly children: ReactNode
  readonly ref?: Ref<HTMLButtonElement>
}) {
  return (
    <button
      type="button"
      className={styles.icon}
      aria-label={label}
      title={hint}
      aria-pressed={pressed}
      {...rest}
    >
      {children}
    </button>
  )
}
