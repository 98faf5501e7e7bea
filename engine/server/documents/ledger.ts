import { type Database, openDatabase } from '../queue/database.ts'
import type { DocumentVersion, PatchSender } from './types.ts'

/** What is remembered of a document beside its file. */
export interface LedgerEntry {
  readonly revision: number
  /** SHA-256 of the file as it was last written or seen; empty where there was none. */
  readonly disk: string
  /** The newest text, where it may not have reached the file. */
  readonly pending: string | undefined
}

/** Revisions, texts on their way to the disk, and former versions. On disk at each return. */
export interface Ledger {
  get(name: string): LedgerEntry | undefined
  put(name: string, entry: LedgerEntry): void
  /**
   * Keeps a text. One that is `passing` takes the place of a passing one just before it, so that a
   * minute of small edits is one version.
   */
  keep(name: string, version: KeptVersion): void
  versions(name: string): readonly DocumentVersion[]
  version(name: string, revision: number): string | undefined
  /** The revision that a patch of this sender and number gave; undefined where it is not known. */
  patchOf(name: string, sender: PatchSender): number | undefined
  keepPatch(name: string, sender: PatchSender, revision: number): void
  /** The versions and patches of a document go on under another name. */
  rename(name: string, to: string): void
  /** Documents whose newest text may not have reached the file. */
  pending(): readonly string[]
  /** Several changes as one. */
  write<T>(work: () => T): T
  close(): void
}

export interface KeptVersion {
  readonly revision: number
  readonly time: number
  readonly text: string
  readonly passing: boolean
}

/** Former versions of a document that are kept. */
export const keptVersions = 50
/** Patches of a document that are known again: a tab has one on its way, 500 tabs are let in. */
export const keptPatches = 500
/** Milliseconds in which small edits are one version. */
const passingTime = 60_000

const migrations: readonly string[] = [
  `
  CREATE TABLE documents (
    name TEXT PRIMARY KEY,
    revision INTEGER NOT NULL,
    disk TEXT NOT NULL,
    pending TEXT
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE versions (
    name TEXT NOT NULL,
    revision INTEGER NOT NULL,
    time REAL NOT NULL,
    begun REAL NOT NULL,
    passing INTEGER NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (name, revision)
  ) STRICT;
  `,
  `
  CREATE TABLE patches (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    client TEXT NOT NULL,
    request REAL NOT NULL,
    revision INTEGER NOT NULL,
    UNIQUE (name, client, request)
  ) STRICT;
  CREATE INDEX patches_of_document ON patches (name, number);
  `,
]

/** Opens the ledger in a file. Throws as `openDatabase`. */
export function openLedger(path: string): Ledger {
  const database = openDatabase(path, { migrations })
  const { query, write } = database
  return {
    get(name) {
      const row = query('SELECT revision, disk, pending FROM documents WHERE name = ?').get(name)
      if (!row) return undefined
      const pending = row.pending === null ? undefined : String(row.pending)
      return { revision: Number(row.revision), disk: String(row.disk), pending }
    },
    put(name, { revision, disk, pending }) {
      write(() =>
        query('INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?)').run(
          ...([name, revision, disk, pending ?? null] as const),
        ),
      )
    },
    keep: (name, version) => write(() => keep(database, name, version)),
    versions(name) {
      const sql = 'SELECT revision, time FROM versions WHERE name = ? ORDER BY revision DESC'
      const rows = query(sql).all(name)
      return rows.map(({ revision, time }) => ({ revision: Number(revision), time: Number(time) }))
    },
    version(name, revision) {
      const sql = 'SELECT text FROM versions WHERE name = ? AND revision = ?'
      const row = query(sql).get(name, revision)
      return row && String(row.text)
    },
    patchOf(name, { client, request }) {
      const sql = 'SELECT revision FROM patches WHERE name = ? AND client = ? AND request = ?'
      const row = query(sql).get(name, client, request)
      return row && Number(row.revision)
    },
    keepPatch: (name, sender, revision) => write(() => keepPatch(database, name, sender, revision)),
    rename(name, to) {
      write(() => {
        for (const table of ['versions', 'patches']) {
          query(`UPDATE OR REPLACE ${table} SET name = ? WHERE name = ?`).run(to, name)
        }
      })
    },
    pending() {
      const rows = query('SELECT name FROM documents WHERE pending IS NOT NULL').all()
      return rows.map(({ name }) => String(name))
    },
    write,
    close: () => database.close(),
  }
}

function keepPatch(
  { query }: Database,
  name: string,
  { client, request }: PatchSender,
  revision: number,
): void {
  const sql = 'INSERT OR REPLACE INTO patches (name, client, request, revision) VALUES (?, ?, ?, ?)'
  query(sql).run(name, client, request, revision)
  query(
    `DELETE FROM patches WHERE name = ?1 AND number <= (
       SELECT number FROM patches WHERE name = ?1 ORDER BY number DESC LIMIT 1 OFFSET ?2
     )`,
  ).run(name, keptPatches)
}

function keep({ query }: Database, name: string, version: KeptVersion): void {
  const { revision, time, text, passing } = version
  const sql = 'SELECT * FROM versions WHERE name = ? ORDER BY revision DESC LIMIT 1'
  const last = query(sql).get(name)
  if (last && String(last.text) === text && Number(last.revision) === revision) return
  const goesOn = passing && last?.passing === 1 && time - Number(last.begun) < passingTime
  if (goesOn) {
    query('DELETE FROM versions WHERE name = ? AND revision = ?').run(name, Number(last.revision))
  }
  const begun = goesOn ? Number(last.begun) : time
  query('INSERT OR REPLACE INTO versions VALUES (?, ?, ?, ?, ?, ?)').run(
    ...([name, revision, time, begun, passing ? 1 : 0, text] as const),
  )
  query(
    `DELETE FROM versions WHERE name = ?1 AND revision <= (
       SELECT revision FROM versions WHERE name = ?1 ORDER BY revision DESC LIMIT 1 OFFSET ?2
     )`,
  ).run(name, keptVersions)
}
