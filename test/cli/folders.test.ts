import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cacheFolder, demoModels, foldersOf, type Place } from '../../engine/cli/folders.ts'

describe('the folders of a command', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'mazeru-'))
    for (const name of ['models', 'other', 'third']) mkdirSync(join(folder, name))
    writeFileSync(join(folder, 'file'), '')
  })
  afterAll(() => rmSync(folder, { recursive: true }))
  const place = (environment: Place['environment'] = {}): Place => ({
    ...{ folder, home: join(folder, 'me'), platform: 'linux', environment },
  })

  it('are models, input and output where one is, and the demo models after all others', () => {
    expect(foldersOf(place())).toEqual({
      models: [join(folder, 'models'), demoModels],
      input: join(folder, 'input'),
      output: join(folder, 'output'),
      cache: join(folder, 'me', '.cache', 'mazeru'),
    })
  })

  it('come from the environment', () => {
    const environment = {
      MAZERU_MODELS: ['other', join(folder, 'third'), 'absent'].join(delimiter),
      MAZERU_INPUT: 'pictures',
      MAZERU_CACHE: 'made',
    }
    expect(foldersOf(place(environment))).toEqual({
      models: [join(folder, 'other'), join(folder, 'third'), demoModels],
      input: join(folder, 'pictures'),
      output: join(folder, 'output'),
      cache: join(folder, 'made'),
    })
  })

  it('are looked at first when the command line names them', () => {
    const options = { models: ['third', 'other'], in: 'other', out: 'here/there' }
    expect(foldersOf(place(), options)).toMatchObject({
      models: [...['third', 'other', 'models'].map((name) => join(folder, name)), demoModels],
      input: join(folder, 'other'),
      output: join(folder, 'here', 'there'),
    })
  })

  it('must be there when the command line names them', () => {
    expect(() => foldersOf(place(), { models: ['absent'] })).toThrow(
      `--models: no folder ${join(folder, 'absent')}`,
    )
    expect(() => foldersOf(place(), { in: 'file' })).toThrow(
      `--in: ${join(folder, 'file')} is a file, a folder expected`,
    )
  })

  it.each([
    ['linux', { XDG_CACHE_HOME: join('x', 'cache') }, join('x', 'cache', 'mazeru')],
    ['linux', {}, join('me', '.cache', 'mazeru')],
    ['darwin', {}, join('me', 'Library', 'Caches', 'mazeru')],
    ['win32', { LOCALAPPDATA: join('me', 'l') }, join('me', 'l', 'mazeru', 'cache')],
    ['win32', {}, join('me', 'AppData', 'Local', 'mazeru', 'cache')],
  ] as const)('keep what can be made again in the place of %s %o', (platform, environment, path) => {
    expect(cacheFolder({ folder, home: 'me', platform, environment })).toBe(path)
  })
})
