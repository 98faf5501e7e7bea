/**
 * The `parameters` text that AUTOMATIC1111's WebUI writes into its pictures: the prompt, a
 * paragraph that begins with `Negative prompt:`, and a last line of `Name: value` pairs.
 * Only the text itself; what the names mean is in `infotext-names.ts`.
 */
export interface Infotext {
  readonly prompt: string
  readonly negative: string
  /** Name -> value as text, in the order of the line. */
  readonly settings: ReadonlyMap<string, string>
}

const negativeStart = 'Negative prompt:'

/** Fewer pairs than this make a last line part of the prompt, as the WebUI has it. */
const fewestSettings = 3

/** The text for a picture's `parameters`. Line ends become plain line feeds. */
export function writeInfotext({ prompt, negative, settings }: Infotext): string {
  const pairs = [...settings].map(([name, value]) => `${name}: ${quote(value)}`)
  const parts = [prompt, negative && `${negativeStart} ${negative}`, pairs.join(', ')]
  return parts
    .filter((part) => part !== '')
    .join('\n')
    .replaceAll(/\r\n?/g, '\n')
    .trim()
}

/**
 * Reads a `parameters` text; never throws. Text without a line of settings is all prompt.
 * Spaces around lines are dropped, as the WebUI does.
 */
export function parseInfotext(text: string): Infotext {
  const lines = text.trim().split(/\r\n?|\n/)
  const settings = parseSettings(lines.at(-1) ?? '')
  if (settings.size >= fewestSettings || settings.has('Steps')) lines.pop()
  else settings.clear()
  const start = lines.findIndex((line) => line.trim().startsWith(negativeStart))
  const end = start < 0 ? lines.length : start
  return {
    prompt: joinLines(lines.slice(0, end)),
    negative: joinLines(lines.slice(end)).slice(negativeStart.length).trim(),
    settings,
  }
}

/** `a: 1, b: "x, y", c: [1, 2]` as a map; a part without a colon is left out. */
export function parseSettings(line: string): Map<string, string> {
  const settings = new Map<string, string>()
  const name = /[\s,]*([^\s,:"][^,:"]*):[ \t]*/y
  let at = 0
  let isOrderly = true
  while (at < line.length) {
    name.lastIndex = at
    const match = name.exec(line)
    if (!match) {
      const comma = line.indexOf(',', at)
      at = comma < 0 ? line.length : comma + 1
      continue
    }
    const start = name.lastIndex
    const closed: number | undefined =
      isOrderly && '"[{'.includes(line[start] ?? ' ') ? closedEnd(line, start) : start
    // After quotes or brackets that never close, the rest is split at its commas.
    isOrderly &&= closed !== undefined
    const end = indexOrEnd(line, ',', closed ?? start)
    settings.set(match[1]!.trim(), unquote(line.slice(start, end).trim()))
    at = end + 1
  }
  return settings
}

/** A value is quoted as JSON where it would end early, begin like a quoted one or lose spaces. */
export function quote(value: string): string {
  return /[,:\n\r]|^[\s"[{]|\s$/.test(value) ? JSON.stringify(value) : value
}

/** The inverse of `quote`; what is not a JSON string stays as it is. */
export function unquote(value: string): string {
  if (!value.startsWith('"') || !value.endsWith('"')) return value
  try {
    const parsed: unknown = JSON.parse(value)
    return typeof parsed === 'string' ? parsed : value
  } catch {
    return value
  }
}

/** Position after the quotes or brackets that open at `start`; undefined where they never close. */
function closedEnd(line: string, start: number): number | undefined {
  let depth = 0
  for (let at = start; at < line.length; at++) {
    const character = line[at]!
    if (character === '"') at = quoteEnd(line, at)
    else if ('[{'.includes(character)) depth++
    else if (']}'.includes(character)) depth--
    if (depth <= 0) return at < line.length ? at + 1 : undefined
  }
  return undefined
}

/** Position of the closing quote, or beyond the line when there is none. */
function quoteEnd(line: string, start: number): number {
  let at = start + 1
  while (at < line.length && line[at] !== '"') at += line[at] === '\\' ? 2 : 1
  return at
}

function indexOrEnd(line: string, wanted: string, from: number): number {
  const at = line.indexOf(wanted, from)
  return at < 0 ? line.length : at
}

function joinLines(lines: readonly string[]): string {
  return lines
    .map((line) => line.trim())
    .join('\n')
    .trim()
}
