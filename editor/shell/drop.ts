import { openFile } from './open-file.ts'

/** Takes files that are dropped anywhere no one else wants them. */
export function acceptDrops(): void {
  const files = ({ dataTransfer }: DragEvent) => dataTransfer?.types.includes('Files') ?? false
  window.addEventListener('dragover', (event) => {
    if (files(event)) event.preventDefault()
  })
  window.addEventListener('drop', (event) => {
    if (!files(event) || event.defaultPrevented) return
    event.preventDefault()
    for (const file of event.dataTransfer?.files ?? []) void openFile(file)
  })
}
