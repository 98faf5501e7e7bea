import { FormatError } from '../../errors.ts'
import type { Entry } from './collect.ts'

/** Options that take several words. */
const lists = new Set([
  ...['network_args', 'optimizer_args', 'lr_scheduler_args', 'text_encoder_lr'],
  ...['base_weights', 'base_weights_multiplier'],
])

/**
 * The options of a command line of sd-scripts, from a shell script or typed: what stands after
 * the script's name, or from the first option where there is none. Lines may go on after `\`, `^`
 * or a backtick; quotes hold words together; `#`, `::` and `rem` begin remarks. Throws a
 * FormatError for a word that belongs to no option.
 */
export function commandLineOptions(name: string, text: string): Entry[] {
  const command = joined(text)
  const words = command.map(wordsOf).find((line) => line.some((word) => word.startsWith('--')))
  if (!words) throw new FormatError(`${name}: no options, a command line of sd-scripts expected`)
  const script = words.findLastIndex((word) => /\.py$/.test(word))
  const first = words.findIndex((word) => word.startsWith('--'))
  return optionsOf(name, words.slice(script >= 0 ? script + 1 : first))
}

function optionsOf(name: string, words: readonly string[]): Entry[] {
  const entries: { key: string; values: string[] }[] = []
  for (const word of words) {
    const option = /^--([^=]+)(?:=(.*))?$/s.exec(word)
    if (option) {
      const [, key = '', value] = option
      entries.push({ key, values: value === undefined ? [] : [value] })
      continue
    }
    const last = entries.at(-1)
    if (!last || (last.values.length > 0 && !lists.has(last.key))) {
      throw new FormatError(`${name}: ${word}, an option that begins with -- expected`)
    }
    last.values.push(word)
  }
  return entries.map(({ key, values }) => ({ key, from: `--${key}`, value: given(key, values) }))
}

function given(key: string, values: readonly string[]): unknown {
  if (lists.has(key)) return values
  return values.length === 0 ? true : values[0]
}

/** Commands, a line each, without remarks. */
function joined(text: string): string[] {
  return text
    .split(/\r?\n/)
    .filter((line) => !/^\s*(#|::|rem\b)/i.test(line))
    .join('\n')
    .replace(/[\\^`][ \t]*\n/g, ' ')
    .split('\n')
}

/** Words of a line as a shell splits them: quotes hold together, `\` takes what follows. */
function wordsOf(line: string): string[] {
  const words: string[] = []
  const pattern = /(?:[^\s"'\\]|\\.|\\$|"(?:[^"\\]|\\.)*"|'[^']*')+/g
  for (const [word] of line.matchAll(pattern)) {
    const [first] = word
    if (first === '#') break
    words.push(word.replace(/"((?:[^"\\]|\\.)*)"|'([^']*)'|\\(["'\\ $])/g, unquoted))
  }
  return words
}

function unquoted(_: string, double?: string, single?: string, escaped?: string): string {
  return double?.replace(/\\(["\\$`])/g, '$1') ?? single ?? escaped ?? ''
}
