import type { AssetChange, AssetKind } from '../../protocol/index.ts'
import { openDatabase } from '../queue/database.ts'

/** What a person said of a file, with what tells the file again after it was renamed. */
export interface Notes {
  readonly change: AssetChange
  readonly bytes: number
  readonly sha256: string | undefined
}

/** What the library remembers over restarts. */
export interface LibraryMemory {
  /** A value worked out of a file, as long as its stamp is the same. */
  known(topic: string, path: string, stamp: string): unknown
  learn(topic: string, path: string, stamp: string, value: unknown): void
  notes(kind: AssetKind): ReadonlyMap<string, Notes>
  setNotes(kind: AssetKind, name: string, notes: Notes | undefined): void
  /** True for files that came by an upload. */
  isUpload(path: string): boolean
  setUpload(path: string, is: boolean): void
  close(): void
}

const migrations: readonly string[] = [
  `
  CREATE TABLE known (
    topic TEXT NOT NULL,
    path TEXT NOT NULL,
    stamp TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (topic, path)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE notes (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    change TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    sha256 TEXT,
    PRIMARY KEY (kind, name)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE uploads (path TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
  `,
]

/** Opens the memory in a file. Throws as `openDatabase`. */
export function openLibraryMemory(path: string): LibraryMemory {
  const database = openDatabase(path, { migrations })
  const { query, write } = database
  // Many files are learnt at once; each commit waits for the disk.
  let waiting = new Map<
    string,
    readonly [topic: string, path: string, stamp: string, value: string]
  >()
  let timer: NodeJS.Immediate | undefined
  const flush = () => {
    timer = undefined
    const rows = waiting.values()
    waiting = new Map()
    write(() => {
      for (const row of rows) query('INSERT OR REPLACE INTO known VALUES (?, ?, ?, ?)').run(...row)
    })
  }
  return {
    known(topic, path, stamp) {
      const fresh = waiting.get(`${topic}\0${path}`)
      if (fresh?.[2] === stamp) return JSON.parse(fresh[3])
      const sql = 'SELECT value FROM known WHERE topic = ? AND path = ? AND stamp = ?'
      const row = query(sql).get(topic, path, stamp)
      return row && JSON.parse(String(row.value))
    },
    learn(topic, path, stamp, value) {
      waiting.set(`${topic}\0${path}`, [topic, path, stamp, JSON.stringify(value ?? null)])
      timer ??= setImmediate(flush)
    },
    notes(kind) {
      const rows = query('SELECT * FROM notes WHERE kind = ?').all(kind)
      const entries = rows.map(({ name, change, bytes, sha256 }): [string, Notes] => [
        String(name),
        {
          change: JSON.parse(String(change)),
          bytes: Number(bytes),
          sha256: sha256 === null ? undefined : String(sha256),
        },
      ])
      return new Map(entries)
    },
    setNotes(kind, name, notes) {
      write(() => {
        query('DELETE FROM notes WHERE kind = ? AND name = ?').run(kind, name)
        if (!notes) return
        const row = [kind, name, JSON.stringify(notes.change), notes.bytes, notes.sha256 ?? null]
        query('INSERT INTO notes VALUES (?, ?, ?, ?, ?)').run(...row)
      })
    },
    isUpload: (path) => query('SELECT 1 FROM uploads WHERE path = ?').get(path) !== undefined,
    setUpload(path, is) {
      const sql = is
        ? 'INSERT OR IGNORE INTO uploads VALUES (?)'
        : 'DELETE FROM uploads WHERE path = ?'
      write(() => query(sql).run(path))
    },
    close() {
      if (timer) clearImmediate(timer)
      if (waiting.size > 0) flush()
      database.close()
    },
  }
}
