import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { DeviceError, FormatError } from '../../errors.ts'
import { migrations as ownMigrations } from './schema.ts'

/** The server's database: one process has it, and what is written is on disk. */
export interface Database {
  readonly path: string
  /** A prepared statement; the same text gives the same one. */
  query(sql: string): StatementSync
  /** All of it or nothing, on disk when it returns. Inside another it is a part of that one. */
  write<T>(work: () => T): T
  close(): void
}

/**
 * Opens or makes the database and brings it to the present version. It is in write-ahead mode and
 * synced at each write; the lock on it is the system's, so it goes with the process that held it.
 * Waits `wait` milliseconds for another process to let it go.
 * Throws a DeviceError where another has it or the disk is full, and a FormatError where it is
 * damaged, no database, or of a newer version.
 */
export function openDatabase(
  path: string,
  { wait = 2000, migrations = ownMigrations }: OpenOptions = {},
): Database {
  mkdirSync(dirname(path), { recursive: true })
  const name = basename(path)
  const sqlite = translated(path, () => new DatabaseSync(path, { timeout: wait }))
  try {
    translated(path, () => {
      sqlite.exec('PRAGMA locking_mode = EXCLUSIVE')
      sqlite.exec('PRAGMA journal_mode = WAL')
      sqlite.exec('PRAGMA synchronous = FULL')
      sqlite.exec('PRAGMA foreign_keys = ON')
      const [sound] = Object.values(sqlite.prepare('PRAGMA quick_check(1)').get() ?? {})
      if (sound !== 'ok') throw damaged(name, `${sound}`.trim().split('\n').at(-1)!)
      migrate(sqlite, name, migrations)
    })
  } catch (thrown) {
    sqlite.close()
    throw thrown
  }
  // It may hold secrets of webhooks.
  chmodSync(path, 0o600)
  writeFileSync(holderFile(path), `${process.pid}\n`)
  return databaseOf(sqlite, path)
}

interface OpenOptions {
  readonly wait?: number
  readonly migrations?: readonly string[]
}

function databaseOf(sqlite: DatabaseSync, path: string): Database {
  const statements = new Map<string, StatementSync>()
  let depth = 0
  const all = <T>(work: () => T): T => {
    sqlite.exec('BEGIN IMMEDIATE')
    depth += 1
    try {
      const result = work()
      sqlite.exec('COMMIT')
      return result
    } catch (thrown) {
      // After some errors, such as a full disk, it has been rolled back already.
      if (sqlite.isTransaction) sqlite.exec('ROLLBACK')
      throw thrown
    } finally {
      depth -= 1
    }
  }
  return {
    path,
    query(sql) {
      const known = statements.get(sql)
      if (known) return known
      const statement = sqlite.prepare(sql)
      statements.set(sql, statement)
      return statement
    },
    write: (work) => (depth > 0 ? work() : translated(path, () => all(work))),
    close() {
      statements.clear()
      if (sqlite.isOpen) sqlite.close()
    },
  }
}

/** Each step with its number in one transaction, so that a crash leaves a whole version. */
function migrate(sqlite: DatabaseSync, name: string, migrations: readonly string[]): void {
  const version = Number(Object.values(sqlite.prepare('PRAGMA user_version').get() ?? {})[0])
  const current = migrations.length
  if (version > current) {
    const remedy = 'update mazeru to open it'
    throw new FormatError(`${name}: version ${version}, at most ${current} can be read; ${remedy}`)
  }
  for (let from = version; from < current; from++) {
    sqlite.exec('BEGIN IMMEDIATE')
    try {
      sqlite.exec(migrations[from]!)
      sqlite.exec(`PRAGMA user_version = ${from + 1}`)
      sqlite.exec('COMMIT')
    } catch (thrown) {
      if (sqlite.isTransaction) sqlite.exec('ROLLBACK')
      throw thrown
    }
  }
}

/** Says errors of the database in our words. Primary result codes of SQLite. */
const refusals: Readonly<Record<number, (path: string, detail: string) => Error>> = {
  5: inUse,
  6: inUse,
  8: (path) => new DeviceError(`${basename(path)}: read-only, expected a file that can be written`),
  10: (path, detail) => {
    const remedy = 'check the disk'
    return new DeviceError(`${basename(path)}: ${detail}, expected a sound disk; ${remedy}`)
  },
  11: (path, detail) => damaged(basename(path), detail),
  13: (path) => {
    const remedy = 'free some and try again; nothing of what was there is lost'
    return new DeviceError(`${basename(path)}: no space left on its disk, expected some; ${remedy}`)
  },
  14: (path) => new DeviceError(`${basename(path)}: cannot be opened, expected a file to write to`),
  26: (path) => damaged(basename(path), 'no database'),
}

function translated<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (thrown) {
    const { errcode, message } = thrown as { errcode?: number; message?: string }
    const refusal = errcode === undefined ? undefined : refusals[errcode & 0xff]
    if (!refusal) throw thrown
    const error = refusal(path, `${message}`)
    error.cause = thrown
    throw error
  }
}

function inUse(path: string): DeviceError {
  const remedy = 'stop that one, or give this one another data folder'
  const found = `in use by another mazeru server${holder(path)}`
  return new DeviceError(`${basename(path)}: ${found}, expected it to be free; ${remedy}`)
}

function damaged(name: string, detail: string): FormatError {
  const remedy = 'move it and its -wal file away to start with an empty one'
  return new FormatError(`${name}: damaged (${detail}), expected a database of mazeru; ${remedy}`)
}

/** Only for the message: the lock itself is the system's. */
function holderFile(path: string): string {
  return `${path}.pid`
}

function holder(path: string): string {
  try {
    return ` (process ${Number.parseInt(readFileSync(holderFile(path), 'utf8'), 10)})`
  } catch {
    return ''
  }
}
