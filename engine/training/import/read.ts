import { parse, TomlError } from 'smol-toml'
import { parseDocument } from 'yaml'
import { FormatError, messageOf } from '../../errors.ts'
import { isJsonObject, kindOf } from '../../formats/strict-json.ts'

/** A file of settings by its name in messages. */
export interface ConfigFile {
  readonly name: string
  readonly text: string
}

/** Forms of configuration files. */
export type ConfigForm = 'toml' | 'yaml' | 'json'

/** A table of settings, as a parser gives it. */
export type Table = Readonly<Record<string, unknown>>

/** Reads a file. Throws a FormatError with line and column where it cannot be read. */
export function readConfig(file: ConfigFile, form: ConfigForm): Table {
  const value = parsers[form]({ ...file, text: file.text.replace(/^\uFEFF/, '') })
  if (isJsonObject(value)) return value
  const found = value === null ? 'empty' : kindOf(value)
  throw new FormatError(`${file.name}: ${found}, a table of settings expected`)
}

const parsers: Readonly<Record<ConfigForm, (file: ConfigFile) => unknown>> = {
  toml({ name, text }) {
    try {
      return parse(text)
    } catch (cause) {
      if (!(cause instanceof TomlError)) throw cause
      const says = firstLine(cause.message).replace(/^Invalid TOML document: /, '')
      throw unreadable(name, 'TOML', cause.line, cause.column, says, cause)
    }
  },
  yaml({ name, text }) {
    const document = parseDocument(text, { merge: true })
    const [error] = document.errors
    if (error) {
      const { line, col } = error.linePos?.[0] ?? { line: 1, col: 1 }
      const says = firstLine(error.message).replace(/ at line \d+, column \d+:?$/, '')
      throw unreadable(name, 'YAML', line, col, says, error)
    }
    try {
      return document.toJS()
    } catch (cause) {
      throw new FormatError(`${name}: YAML that cannot be unfolded (${messageOf(cause)})`, {
        cause,
      })
    }
  },
  json({ name, text }) {
    try {
      return JSON.parse(text)
    } catch (cause) {
      const says = messageOf(cause)
      const at = Number(/position (\d+)/.exec(says)?.[1] ?? text.length)
      const before = text.slice(0, at).split('\n')
      const column = (before.at(-1)?.length ?? 0) + 1
      throw unreadable(name, 'JSON', before.length, column, says.replace(/ in JSON.*$/s, ''), cause)
    }
  },
}

function unreadable(
  name: string,
  form: string,
  line: number,
  column: number,
  says: string,
  cause: unknown,
): FormatError {
  const place = `${name}: line ${line}, column ${column}`
  return new FormatError(`${place}: not ${form}, ${lowered(says.trim())}`, { cause })
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? ''
}

function lowered(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1)
}
