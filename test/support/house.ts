import { posix } from 'node:path'
import {
  importsOf,
  isNode,
  lineAt,
  type Source,
  type SourceImport,
  type SyntaxNode,
  visit,
} from './sources.ts'

/**
 * The rules of the house as functions from sources to complaints. A complaint names the file, the
 * line and what was expected; no complaint, no breach. What is allowed where is an argument.
 */

/** Which rooms a room may import, by name; a room is a folder or a file without its ending. */
export type RoomTable = Record<string, { values: string[]; types?: string[] }>

/** The longest room name that a project path lies in. */
export function roomOf(path: string, rooms: readonly string[]): string | undefined {
  return rooms
    .filter((room) => path === `${room}.ts` || path.startsWith(`${room}/`))
    .sort((a, b) => b.length - a.length)[0]
}

/** Imports between rooms that the table does not list. A room may import itself. */
export function strayImports(sources: readonly Source[], table: RoomTable): string[] {
  const rooms = Object.keys(table)
  return sources.flatMap((source) => {
    const room = roomOf(source.path, rooms)
    if (!room) return [`${source.path}: in no room of the import table`]
    const { values, types = [] } = table[room] as RoomTable[string]
    return importsOf(source)
      .filter(({ local }) => local)
      .flatMap(({ target, line, typeOnly }) => {
        const other = roomOf(target, rooms)
        const allowed = [room, ...values, ...(typeOnly ? types : [])]
        if (allowed.includes('*') || (other && allowed.includes(other))) return []
        return [`${source.path}:${line}: imports ${target}, ${room} may import ${list(values)}`]
      })
  })
}

/** Imports of packages and of Node's modules by files that do not lie under one of the owners. */
export function strayPackages(
  sources: readonly Source[],
  owners: Record<string, readonly string[]>,
): string[] {
  return sources.flatMap((source) =>
    importsOf(source)
      .filter(({ local }) => !local)
      .flatMap(({ target, line }) => {
        const name = packageOf(target)
        const allowed = owners[name] ?? []
        if (allowed.some((owner) => isUnder(source.path, owner))) return []
        return [`${source.path}:${line}: imports ${name}, allowed in ${list(allowed)}`]
      }),
  )
}

/** The package that an import specifier belongs to; Node's own modules keep their `node:`. */
export function packageOf(specifier: string): string {
  if (specifier.startsWith('node:')) return specifier.split('/')[0] as string
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

/** Cycles of value imports as `a -> b -> a`, one of every knot or more. Those of types may be. */
export function importCycles(sources: readonly Source[]): string[] {
  const edges = new Map(
    sources.map((source) => [source.path, importsOf(source).filter(isValueImport)] as const),
  )
  const state = new Map<string, 'open' | 'closed'>()
  const cycles: string[] = []
  const enter = (path: string, trail: string[]) => {
    if (state.get(path) === 'closed') return
    if (state.get(path) === 'open') {
      cycles.push([...trail.slice(trail.indexOf(path)), path].join(' -> '))
      return
    }
    state.set(path, 'open')
    for (const { target } of edges.get(path) ?? []) enter(target, [...trail, path])
    state.set(path, 'closed')
  }
  for (const path of edges.keys()) enter(path, [])
  return cycles
}

const worldly = /^(Date|performance|process)\.|^Math\.random$|^crypto\.(random|getRandom)/

/** Uses of the world in a file that is to be plain arithmetic: clock, dice, network, process. */
export function impureUses(source: Source): string[] {
  const found: string[] = []
  const complain = (node: SyntaxNode, what: string) =>
    found.push(
      `${source.path}:${lineAt(source.text, node.start)}: ${what}, expected as an argument`,
    )
  visit(source.program, (node) => {
    if (node.type === 'MemberExpression') {
      const name = `${identifier(node.object)}.${identifier(node.property)}`
      if (worldly.test(name)) complain(node, name)
    }
    if (node.type === 'NewExpression' && identifier(node.callee) === 'Date') {
      complain(node, 'new Date')
    }
    if (node.type === 'CallExpression' && /^(fetch|Date)$/.test(identifier(node.callee))) {
      complain(node, identifier(node.callee))
    }
  })
  return found
}

/** Syntax that Node cannot erase, and `any`. */
export function refusedSyntax(source: Source): string[] {
  const found: string[] = []
  const refused: Record<string, string> = {
    TSEnumDeclaration: 'enum',
    TSModuleDeclaration: 'namespace',
    TSParameterProperty: 'parameter property',
    TSAnyKeyword: 'any',
  }
  visit(source.program, (node) => {
    const name = refused[node.type]
    if (name) found.push(`${source.path}:${lineAt(source.text, node.start)}: ${name}`)
  })
  return found
}

/** The default export's expression, if the file has one. */
export function defaultExport(source: Source): SyntaxNode | undefined {
  const body = source.program.body as SyntaxNode[]
  const statement = body.find(({ type }) => type === 'ExportDefaultDeclaration')
  return isNode(statement?.declaration) ? statement.declaration : undefined
}

/** The value of a string property of the object that a call gets first: `f({ type: 'x' })`. */
export function stringArgument(call: SyntaxNode | undefined, name: string): string | undefined {
  const [first] = (call?.arguments ?? []) as SyntaxNode[]
  const properties = (first?.properties ?? []) as SyntaxNode[]
  const property = properties.find(({ key }) => identifier(key) === name)
  const value = isNode(property?.value) ? property.value.value : undefined
  return typeof value === 'string' ? value : undefined
}

/** Exported functions and classes without a doc comment; of overloads the first carries it. */
export function undocumentedExports(source: Source): string[] {
  const seen = new Set<string>()
  return (source.program.body as SyntaxNode[]).flatMap((statement) => {
    if (statement.type !== 'ExportNamedDeclaration' || !isNode(statement.declaration)) return []
    return functionNames(statement.declaration).flatMap((name) => {
      if (seen.has(name)) return []
      seen.add(name)
      if (hasDoc(source, statement)) return []
      return [`${source.path}:${lineAt(source.text, statement.start)}: ${name} has no doc comment`]
    })
  })
}

/** Lines over `columns` that no string, pattern, template or address in a comment makes long. */
export function longLines(source: Source, columns: number): string[] {
  const spans: { start: number; end: number }[] = []
  visit(source.program, (node) => {
    if (node.type === 'Literal' || node.type === 'TemplateLiteral') spans.push(node)
  })
  for (const comment of source.comments) {
    for (const match of comment.value.matchAll(/\S*:\/\/\S*/g)) {
      const start = comment.start + 2 + match.index
      spans.push({ start, end: start + match[0].length })
    }
  }
  let offset = 0
  return source.text.split('\n').flatMap((line, index) => {
    const start = offset
    offset += line.length + 1
    if (line.length <= columns) return []
    const excused = spans.some((span) => {
      if (span.end < start || span.start > start + columns) return false
      const rest = source.text.slice(span.end, start + line.length)
      return span.end > start + columns || /^[\])},;`'"]*$|^, .*=> \{$/.test(rest)
    })
    return excused
      ? []
      : [`${source.path}:${index + 1}: ${line.length} columns, at most ${columns}`]
  })
}

/** Paths of somebody's machine and addresses of package mirrors in a text. */
export function privatePlaces(path: string, text: string): string[] {
  const homes = ['work', 'root', 'home', 'Users'].join('|')
  const found = [
    ...text.matchAll(new RegExp(`(?<![\\w.~*)}-])/(${homes})/[^\\s'"\`]*`, 'g')),
    ...text.matchAll(/https?:\/\/[\w.-]*(registry|artifactory|verdaccio)[\w.-]*/g),
  ]
  return found.map((match) => `${path}: ${match[0]}`)
}

function isValueImport({ local, typeOnly }: SourceImport): boolean {
  return local && !typeOnly
}

function isUnder(path: string, owner: string): boolean {
  return owner === '*' || path === owner || path.startsWith(`${owner}/`)
}

function functionNames(declaration: SyntaxNode): string[] {
  if (/Function|^ClassDeclaration$/.test(declaration.type)) return [identifier(declaration.id)]
  const declarators = (declaration.declarations ?? []) as SyntaxNode[]
  return declarators
    .filter(({ init }) => isNode(init) && /Function/.test(init.type))
    .map(({ id }) => identifier(id))
}

function hasDoc(source: Source, statement: SyntaxNode): boolean {
  return source.comments.some(
    ({ type, value, end }) =>
      type === 'Block' &&
      value.startsWith('*') &&
      end <= statement.start &&
      /^\s*(\/\/.*\s*)*$/.test(source.text.slice(end, statement.start)),
  )
}

function identifier(node: unknown): string {
  if (!isNode(node)) return ''
  return typeof node.name === 'string' ? node.name : String(node.value ?? '')
}

function list(names: readonly string[]): string {
  return names.length ? names.map((name) => posix.normalize(name)).join(', ') : 'none'
}
