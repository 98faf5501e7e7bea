import type { Lookup } from '../workflow/index.ts'

/** Where files were saved. */
interface Output {
  readonly files: Pick<Lookup, 'fingerprint'>
  /** Absolute. */
  readonly outputFolder: string
}

/** True while all files, by absolute path, are still in the output folder they were saved in. */
export async function areStillSaved(
  paths: readonly string[],
  { files, outputFolder }: Output,
): Promise<boolean> {
  const found = paths.map((path) => {
    const name = path.startsWith(outputFolder) ? path.slice(outputFolder.length) : ''
    return /^[\\/]/.test(name) ? files.fingerprint('output', name.slice(1)) : undefined
  })
  return (await Promise.all(found)).every((fingerprint) => fingerprint !== undefined)
}
