import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type DatasetCommandOptions, datasetCommand } from '../../engine/cli/dataset.ts'
import type { Shell } from '../../engine/cli/shell.ts'
import { decodePicture } from '../../engine/formats/picture.ts'
import { arithmeticHost, scratch } from '../support/cli.ts'
import { rampPicture } from '../support/tiny-pictures.ts'

async function check(
  folder: string,
  words: readonly string[],
  options: DatasetCommandOptions = {},
) {
  let [stdout, stderr] = ['', '']
  const shell: Shell = {
    place: { folder, home: folder, platform: 'linux', environment: {} },
    stdin: (async function* () {})(),
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
    clock: () => 0,
    onInterrupt: () => () => {},
  }
  const code = await datasetCommand(words[0]!, options, arithmeticHost(), shell, words)
  return { code, stdout, stderr }
}

describe('mazeru dataset check', () => {
  it('says a line for every finding and ends well where there are only warnings', async () => {
    const picture = await rampPicture(160, 128)
    using folder = scratch({ 'a.png': picture, 'a.txt': 'a ramp', 'b.png': picture })
    const { code, stdout } = await check(folder.path, ['check', '.'], { resolution: '64' })
    expect(code).toBe(0)
    expect(stdout).toContain('warning: b.png: no caption found, a text expected; ')
    expect(stdout).toContain('warning: a.png, b.png: the same file 2 times, once expected; ')
    expect(stdout).toMatch(/2 pictures that count as 1\.0 different ones: 0 errors, \d+ warnings, /)
  })

  it('ends with 1 where a picture cannot be read, and still draws the sheet', async () => {
    const picture = await rampPicture(160, 128)
    using folder = scratch({ 'a.png': picture, 'a.txt': 'a ramp', 'b.png': 'no picture' })
    const options = { resolution: '64', json: true, sheet: 'sheet.png' }
    const { code, stdout } = await check(folder.path, ['check', folder.path], options)
    expect(code).toBe(1)
    const report = JSON.parse(stdout)
    expect(report).toMatchObject({ version: 1, resolution: [64, 64], counts: { errors: 1 } })
    expect(report.pictures.map(({ path }: { path: string }) => path)).toEqual(['a.png', 'b.png'])
    const bytes = readFileSync(join(folder.path, 'sheet.png'))
    const { image } = await decodePicture('sheet.png', bytes)
    expect(image.shape[3]).toBeGreaterThan(600)
  })

  it('ends with 1 for a folder without pictures', async () => {
    using folder = scratch({ 'notes.txt': 'nothing' })
    const { code, stdout } = await check(folder.path, ['check', '.'])
    expect(code).toBe(1)
    expect(stdout).toContain('error: dataset: no picture, at least one PNG, JPEG, WebP or AVIF')
  })

  it.each<[string, string[], DatasetCommandOptions, RegExp]>([
    ['another task', ['cure', '.'], {}, /^dataset: no task "cure", check, suggest expected$/],
    ['no folder', ['check', 'gone'], {}, /^dataset: no folder .*gone$/],
    ['a file', ['check', 'a.txt'], {}, /a\.txt is a file, a folder expected$/],
    ['no number', ['check', '.'], { resolution: 'x' }, /^--resolution: x given, /],
    ['another sheet', ['check', '.'], { sheet: 'a.gif' }, /^--sheet: a\.gif given, a \.png file /],
  ])('refuses %s', async (_, words, options, message) => {
    using folder = scratch({ 'a.txt': 'text' })
    await expect(check(folder.path, words, options)).rejects.toThrow(message)
  })
})
