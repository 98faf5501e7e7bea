import { describe, expect, it } from 'vitest'
import {
  defaultExport,
  importCycles,
  impureUses,
  longLines,
  privatePlaces,
  type RoomTable,
  refusedSyntax,
  strayImports,
  strayPackages,
  stringArgument,
  undocumentedExports,
} from './house.ts'
import { ignorePatterns, parseSource } from './sources.ts'

const rooms: RoomTable = {
  'engine/errors': { values: [] },
  'engine/workflow': { values: ['engine/errors'] },
  'engine/lora': { values: ['engine/errors'] },
  'engine/sockets': { values: [], types: ['engine/lora'] },
}

const packages = { zod: ['engine/workflow'], sharp: ['engine/formats/picture.ts'] }

describe('the rules of the house', () => {
  const one = (text: string, path = 'engine/workflow/a.ts') => parseSource(path, text)

  it('see an import of a room above', () => {
    const source = one("import { Lora } from '../lora/load.ts'")
    expect(strayImports([source], rooms)).toEqual([
      'engine/workflow/a.ts:1: imports engine/lora/load.ts, engine/workflow may import engine/errors',
    ])
    expect(strayImports([one("import '../errors.ts'\nimport './b.ts'")], rooms)).toEqual([])
  })

  it('see a file that stands in no room', () => {
    expect(strayImports([one('', 'attic/a.ts')], rooms)).toEqual([
      'attic/a.ts: in no room of the import table',
    ])
  })

  it('see dynamic imports, re-exports and type imports', () => {
    const text = [
      "const a = await import('../lora/a.ts')",
      "export * from '../lora/b.ts'",
      "let c: import('../lora/c.ts').C",
      "import type { D } from '../lora/d.ts'",
    ].join('\n')
    expect(strayImports([one(text)], rooms)).toHaveLength(4)
    const sockets = parseSource('engine/sockets.ts', "import type { D } from './lora/d.ts'")
    expect(strayImports([sockets], rooms)).toEqual([])
    const value = parseSource('engine/sockets.ts', "import { D } from './lora/d.ts'")
    expect(strayImports([value], rooms)).toHaveLength(1)
  })

  it('see a package in a room that does not own it', () => {
    expect(strayPackages([one("import sharp from 'sharp'")], packages)).toEqual([
      'engine/workflow/a.ts:1: imports sharp, allowed in engine/formats/picture.ts',
    ])
    expect(strayPackages([one("import 'node:fs/promises'")], packages)).toHaveLength(1)
    expect(strayPackages([one("import 'no-such-package'")], packages)).toHaveLength(1)
    expect(strayPackages([one("import { z } from 'zod'")], packages)).toEqual([])
  })

  it('see a circle of values and none of types', () => {
    const a = one("import { b } from './b.ts'")
    const back = (text: string) => parseSource('engine/workflow/b.ts', text)
    expect(importCycles([a, back("import { a } from './a.ts'")])).toEqual([
      'engine/workflow/a.ts -> engine/workflow/b.ts -> engine/workflow/a.ts',
    ])
    expect(importCycles([a, back("import type { a } from './a.ts'")])).toEqual([])
  })

  it.each([
    'Date.now()',
    'new Date()',
    'performance.now()',
    'Math.random()',
    'fetch(url)',
  ])('see %s in a pure room', (text) => expect(impureUses(one(text))).toHaveLength(1))

  it('see no clock in a comment, a string or a clock that was handed in', () => {
    expect(impureUses(one('// Date.now()\nclock.now(); say("Math.random")'))).toEqual([])
  })

  it.each([
    'enum A { b }',
    'namespace A { export const b = 1 }',
    'class A { constructor(private b: number) {} }',
    'const a = b as any',
  ])('refuse %s', (text) => expect(refusedSyntax(one(text))).toHaveLength(1))

  it('see a missing doc comment', () => {
    const text =
      'export function a() {}\n/** Does b. */\nexport const b = () => {}\nfunction c() {}'
    expect(undocumentedExports(one(text))).toEqual(['engine/workflow/a.ts:1: a has no doc comment'])
  })

  it('excuse a long line for a string only', () => {
    const long = 'a'.repeat(110)
    expect(longLines(one(`const ${long} = 1`), 100)).toHaveLength(1)
    expect(longLines(one(`// ${long}`), 100)).toHaveLength(1)
    expect(longLines(one(`const a = '${long}'`), 100)).toEqual([])
    expect(longLines(one(`// https://example.org/${long}`), 100)).toEqual([])
  })

  it('read the type of a node from its definition', () => {
    const source = one("export default defineNode({ type: 'blend', title: 'Blend' })")
    expect(stringArgument(defaultExport(source), 'type')).toBe('blend')
    expect(defaultExport(one('export const a = 1'))).toBeUndefined()
  })

  it('read ignore patterns', () => {
    const ignored = ignorePatterns('node_modules/\n/output/\n*.log\n!kept.log\nmodels/*\n')
    const paths = ['node_modules', 'a/node_modules', 'output', 'a/b.log', 'models/x.bin']
    expect(paths.filter((path) => !ignored(path))).toEqual([])
    expect(['a/output', 'kept.log', 'models'].filter(ignored)).toEqual([])
  })

  it('see a private path and a mirror', () => {
    const text = ['see /', 'home/me/x and https://', 'registry.example.org/a'].join('')
    expect(privatePlaces('a.md', text)).toHaveLength(2)
    expect(privatePlaces('a.md', 'engine/work/x and ~/.cache, https://example.org/home/')).toEqual(
      [],
    )
  })
})
