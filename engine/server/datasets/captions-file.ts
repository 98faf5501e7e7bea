import { captionLines } from '../../dataset/metadata-jsonl.ts'
import { decodeText } from '../../dataset/text.ts'
import { isJsonObject } from '../../formats/strict-json.ts'

/** Keys of a caption in a line of `metadata.jsonl`; the first one present counts. */
const captionKeys = ['text', 'caption', 'prompt', 'captions']
const fileKeys = ['file_name', 'file', 'image']

/** The text of `metadata.jsonl` with the captions of some rows, which lose their `tags`. */
export function withRows(
  file: string,
  bytes: Uint8Array,
  captions: ReadonlyMap<string, string>,
): string {
  const lines = decodeText(file, bytes).split('\n')
  return lines
    .map((line) => {
      const row: unknown = line.trim() === '' ? undefined : JSON.parse(line)
      if (!isJsonObject(row)) return line
      const name = fileKeys.map((key) => row[key]).find((value) => typeof value === 'string')
      const caption = captions.get(String(name))
      if (caption === undefined) return line
      const key = captionKeys.find((one) => row[one] != null) ?? 'text'
      const { tags: _, ...rest } = row
      const value = key === 'captions' ? captionLines(caption) : caption
      return JSON.stringify({ ...rest, [key]: value })
    })
    .join('\n')
}

/** Path of the caption file that is read for a picture: the one there is, else `cat.txt`. */
export function sideFile(picture: string, paths: ReadonlySet<string>): string {
  const stem = picture.replace(/\.[^./]+$/, '')
  const candidates = ['.txt', '.caption'].flatMap((ending) => [stem + ending, picture + ending])
  return candidates.find((candidate) => paths.has(candidate)) ?? `${stem}.txt`
}
