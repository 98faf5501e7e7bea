import { type FileBytes, replaceFile } from './save.ts'

/** A file that was written: its name below the output folder, and its absolute path. */
interface Named {
  readonly name: string
  readonly path: string
}

/**
 * Writes a file beside one that was just saved, under its name with another ending: beside
 * `a/cat_00001_.safetensors`, `.loss.png` is `a/cat_00001_.loss.png`. One of that name that is left
 * from a file that is gone is replaced. Throws as `saveNumbered`.
 */
export async function saveBeside(saved: Named, ending: string, bytes: FileBytes): Promise<Named> {
  const rename = (name: string) => name.replace(/\.[^./\\]+$/, '') + ending
  const beside = { name: rename(saved.name), path: rename(saved.path) }
  await replaceFile(beside.path, bytes)
  return beside
}
