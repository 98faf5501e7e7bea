import { type ComponentType, lazy, Suspense } from 'react'
import { useStore } from 'zustand'
import { surface } from '../../state/stores.ts'
import { Fence } from '../fence.tsx'

/** What every dialog is given. */
export interface DialogProps {
  readonly about: unknown
  readonly onClose: () => void
}

const dialogs: Readonly<Record<string, ComponentType<DialogProps>>> = {
  save: lazy(async () => ({ default: (await import('./save.tsx')).SaveDialog })),
  open: lazy(async () => ({ default: (await import('./open.tsx')).OpenDialog })),
  close: lazy(async () => ({ default: (await import('./close.tsx')).CloseDialog })),
  viewer: lazy(async () => ({
    default: (await import('../../panels/viewer/index.tsx')).ViewerDialog,
  })),
  converter: lazy(async () => ({ default: (await import('./converter.tsx')).ConverterDialog })),
  rename: lazy(async () => ({ default: (await import('./rename.tsx')).RenameDialog })),
  interface: lazy(async () => ({ default: (await import('./interface.tsx')).InterfaceDialog })),
  shortcuts: lazy(async () => ({ default: (await import('./shortcuts.tsx')).ShortcutsDialog })),
}

const SearchBox = lazy(async () => ({ default: (await import('../search/box.tsx')).SearchBox }))

/** The dialog or the search that is open. */
export function Dialogs() {
  const { dialog, search } = useStore(surface)
  const close = () => surface.setState({ dialog: undefined, search: undefined })
  const Part = dialog && Object.hasOwn(dialogs, dialog.name) ? dialogs[dialog.name] : undefined
  const text = dialog?.name === 'search' ? String(dialog.about ?? '') : ''
  return (
    <Fence>
      <Suspense fallback={null}>
        {search && <SearchBox request={search} text={text} onClose={close} />}
        {Part && <Part about={dialog?.about} onClose={close} />}
      </Suspense>
    </Fence>
  )
}
