import { captionLines } from './metadata-jsonl.ts'
import type { SubsetSettings } from './settings.ts'
import type { DatasetSource } from './source.ts'
import { withoutEnding } from './subsets.ts'
import { decodeText } from './text.ts'

/**
 * The lines of the caption file beside a picture: `cat.txt` or `cat.png.txt` for `cat.png`, by the
 * first ending that has a file. Undefined where there is none; empty where it says nothing.
 * Throws a FormatError for a file that is no text.
 */
export async function sideCaptions(
  source: DatasetSource,
  paths: ReadonlySet<string>,
  picture: string,
  { captionExtensions }: SubsetSettings,
): Promise<readonly string[] | undefined> {
  const endings = captionExtensions.map((ending) =>
    ending.startsWith('.') ? ending : `.${ending}`,
  )
  const candidates = endings.flatMap((ending) => [
    withoutEnding(picture) + ending,
    picture + ending,
  ])
  const path = candidates.find((candidate) => paths.has(candidate))
  return path === undefined ? undefined : captionLines(decodeText(path, await source.read(path)))
}
