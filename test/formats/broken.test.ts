import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { FormatError, messageOf } from '../../engine/errors.ts'
import { readPngText } from '../../engine/formats/png-text.ts'
import { parseSafetensors, parseShardIndex } from '../../engine/formats/safetensors.ts'
import { brokenFormats } from '../support/broken-formats.ts'

const folder = join(import.meta.dirname, '..', 'fixtures', 'broken', 'formats')
const messagesFile = join(folder, 'messages.json')
const made = brokenFormats()

/** What reads a file, by its ending. */
const readers: Record<string, (file: string, bytes: Uint8Array) => unknown> = {
  '.safetensors': parseSafetensors,
  '.safetensors.index.json': parseShardIndex,
  '.png': readPngText,
}

if (process.env.MAZERU_WRITE_FIXTURES) {
  mkdirSync(folder, { recursive: true })
  for (const [name, { bytes }] of Object.entries(made)) writeFileSync(join(folder, name), bytes)
  const messages = Object.fromEntries(Object.entries(made).map(([n, { message }]) => [n, message]))
  writeFileSync(messagesFile, `${JSON.stringify(messages, null, 2)}\n`)
}

const messages: Record<string, string> = JSON.parse(readFileSync(messagesFile, 'utf8'))
const files = readdirSync(folder).filter((name) => name !== 'messages.json')

describe('a broken file', () => {
  it('has its message written beside it, and no message is without a file', () => {
    expect(files.sort()).toEqual(Object.keys(messages).sort())
  })

  it('is what the generator makes', () => {
    for (const [name, { bytes }] of Object.entries(made)) {
      expect(readFileSync(join(folder, name)).equals(bytes), name).toBe(true)
    }
  })

  it.each(
    files,
  )('is refused with the message that says what was found and expected: %s', (name) => {
    const ending = Object.keys(readers).find((known) => name.endsWith(known))!
    const thrown = caught(() => readers[ending]!(name, readFileSync(join(folder, name))))
    expect(messageOf(thrown)).toBe(messages[name])
    expect(thrown).toBeInstanceOf(FormatError)
  })
})

function caught(act: () => unknown): unknown {
  try {
    act()
  } catch (error) {
    return error
  }
  return undefined
}
