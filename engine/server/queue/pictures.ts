import type { ExecutorEvent } from '../../executor/types.ts'
import type { Ledger } from './ledger.ts'
import { searchWords } from './submissions.ts'
import type { PictureFilter, PictureRow } from './types.ts'

/** At most so many names are in a run's entry of a list. */
const shown = 8

/**
 * Notes pictures that a node saved; to be called within a change. Of a node whose result was there
 * already, they stay with the run that made them.
 */
export function notePictures(
  { database, clock, row }: Ledger,
  { run, node, files }: Extract<ExecutorEvent, { type: 'saved' }>,
  isCached: boolean,
): void {
  const found = row(run)
  if (!found) return
  // A file that is written again is a new picture.
  const put = database.query(
    `INSERT OR ${isCached ? 'IGNORE' : 'REPLACE'} INTO pictures
     (file, run, node, document, time, words)
     VALUES (?, ?, ?, ?, ?, ?)`,
  )
  for (const file of files) {
    put.run(file, run, node, found.document, clock(), searchWords(file, found.document))
  }
  const former = (JSON.parse(found.pictures) as string[]).filter((file) => !files.includes(file))
  const latest = JSON.stringify([...former, ...files].slice(-shown))
  database.query('UPDATE runs SET pictures = ? WHERE number = ?').run(latest, found.number)
}

/** Saved pictures, newest first. */
export function listPictures({ database }: Ledger, filter: PictureFilter): PictureRow[] {
  const { text, before, run, limit = 100 } = filter
  const conditions = ['1 = 1']
  const values: (string | number)[] = []
  if (run !== undefined) {
    conditions.push('run = ?')
    values.push(run)
  }
  if (text) {
    conditions.push('instr(words, ?) > 0')
    values.push(text.toLowerCase())
  }
  if (before !== undefined) {
    const last = 'number < coalesce((SELECT number FROM pictures WHERE file = ?), 1e18)'
    conditions.push(last)
    values.push(before)
  }
  const rows = database
    .query(
      `SELECT file, run, node, document, time FROM pictures WHERE ${conditions.join(' AND ')}
       ORDER BY number DESC LIMIT ?`,
    )
    .all(...values, limit)
  return rows.map(pictureOf)
}

/** Who made a picture; undefined where no run is known. */
export function pictureOfFile({ database }: Ledger, file: string): PictureRow | undefined {
  const row = database
    .query('SELECT file, run, node, document, time FROM pictures WHERE file = ?')
    .get(file)
  return row && pictureOf(row)
}

function pictureOf(row: object): PictureRow {
  const { document, ...rest } = row as PictureRow & { readonly document: string | null }
  return { ...rest, ...(document === null ? {} : { document }) }
}
