/** The controls that the shell and the panels are made of. */
export { Button, IconButton } from './button.tsx'
export { Dialog } from './dialog.tsx'
export { Menu, type MenuItem } from './menu.tsx'
export { Bar, Check, EmptyState, Field, Segmented } from './parts.tsx'
export { Splitter } from './splitter.tsx'
