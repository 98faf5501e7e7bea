/** First bytes of kinds of files, as latin-1; `.` stands for any byte. The first match counts. */
const signatures: readonly (readonly [start: string, name: string])[] = [
  ['\x89PNG\r\n\x1a\n', 'a PNG'],
  ['\xff\xd8\xff', 'a JPEG'],
  ['RIFF....WEBP', 'a WebP'],
  ['....ftypavi', 'an AVIF'],
  ['....ftypmif1', 'an AVIF'],
  ['....ftypmsf1', 'an AVIF'],
  ['....ftyphe', 'a HEIC picture'],
  ['....ftyp', 'a video'],
  ['\x1aE\xdf\xa3', 'a video'],
  ['RIFF', 'a sound or video'],
  ['GIF8', 'a GIF'],
  ['II*\0', 'a TIFF'],
  ['MM\0*', 'a TIFF'],
  ['BM', 'a BMP'],
  ['8BPS', 'a Photoshop file'],
  ['%PDF', 'a PDF'],
  ['PK\x03\x04', 'a zip archive'],
  ['GGUF', 'a GGUF file'],
  ['version ', 'a Git LFS pointer'],
  ['<!DOCTYP', 'a web page'],
  ['<!doctyp', 'a web page'],
  ['<html', 'a web page'],
  ['<svg', 'an SVG'],
  ['<?xml', 'an SVG or XML file'],
  ['........{"', 'a safetensors file'],
]

/**
 * What a file is by its first bytes, with an article: "a PNG", "an empty file".
 * Eight bytes are enough for the kinds that are mistaken for weights.
 */
export function nameOfBytes(bytes: Uint8Array): string {
  if (bytes.length === 0) return 'an empty file'
  const start = String.fromCharCode(...bytes.subarray(0, 16))
  const known = signatures.find(([signature]) => matches(start, signature))
  if (known) return known[1]
  return /^[\t\n\r -~]+$/.test(start) ? 'a text' : 'an unknown kind of file'
}

function matches(start: string, signature: string): boolean {
  if (start.length < signature.length) return false
  return [...signature].every((character, i) => character === '.' || character === start[i])
}
