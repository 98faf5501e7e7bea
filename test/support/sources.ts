import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join, matchesGlob, posix } from 'node:path'
import { parseSync } from 'vite'

/** The files of the project and their syntax, for the rules in `house.ts`. */
export const projectRoot = join(import.meta.dirname, '..', '..')

/** A node of a syntax tree: ESTree with TypeScript, positions as offsets into the text. */
export interface SyntaxNode {
  type: string
  start: number
  end: number
  [key: string]: unknown
}

/** A comment, without its delimiters in `value`. */
export interface SourceComment {
  type: 'Block' | 'Line'
  value: string
  start: number
  end: number
}

/** A parsed TypeScript file; `path` is relative to the project, with `/`. */
export interface Source {
  path: string
  text: string
  program: SyntaxNode
  comments: SourceComment[]
}

/** A dependency of a file. `target` is a project path for a relative one, else as written. */
export interface SourceImport {
  target: string
  /** In this project, by a relative path. */
  local: boolean
  line: number
  /** Erased before it runs. */
  typeOnly: boolean
}

/** Parses TypeScript; throws where the syntax is not TypeScript. */
export function parseSource(path: string, text: string): Source {
  const { program, comments, errors } = parseSync(path, text)
  if (errors[0]) throw new Error(`${path}: ${errors[0].message}`)
  return { path, text, program: program as unknown as SyntaxNode, comments }
}

/** Project paths of all files that git would track: everything that `.gitignore` does not name. */
export function projectFiles(root = projectRoot): string[] {
  const ignored = ignorePatterns(readFileSync(join(root, '.gitignore'), 'utf8'))
  const walk = (folder: string): string[] =>
    readdirSync(join(root, folder))
      .sort()
      .map((name) => posix.join(folder, name))
      .filter((path) => path !== '.git' && !ignored(path))
      .flatMap((path) => (statSync(join(root, path)).isDirectory() ? walk(path) : [path]))
  return walk('')
}

/** A predicate for project paths from the text of a `.gitignore`; its last match decides. */
export function ignorePatterns(text: string): (path: string) => boolean {
  const lines = text.split('\n').filter((line) => line.trim() && !line.startsWith('#'))
  return (path) => {
    let ignored = false
    for (const line of lines) {
      const negated = line.startsWith('!')
      const pattern = line.slice(negated ? 1 : 0).replace(/\/$/, '')
      const anchored = pattern.includes('/')
      const subject = anchored ? path : basename(path)
      if (matchesGlob(subject, pattern.replace(/^\//, ''))) ignored = !negated
    }
    return ignored
  }
}

/** Visits a tree in the order of the text. */
export function visit(node: SyntaxNode, see: (node: SyntaxNode) => void): void {
  see(node)
  for (const value of Object.values(node)) {
    for (const child of [value].flat()) if (isNode(child)) visit(child, see)
  }
}

/** All that a file imports or re-exports; `import()` and `import('…')` types of a literal too. */
export function importsOf(source: Source): SourceImport[] {
  const imports: SourceImport[] = []
  visit(source.program, (node) => {
    const from = isNode(node.source) ? node.source.value : undefined
    if (typeof from !== 'string') return
    const local = from.startsWith('.')
    imports.push({
      target: local ? posix.join(posix.dirname(source.path), from) : from,
      local,
      line: lineAt(source.text, node.start),
      typeOnly: isTypeOnly(node),
    })
  })
  return imports
}

/** The 1-based line of an offset. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length
}

/** True for a node of a syntax tree. */
export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value
}

function isTypeOnly(node: SyntaxNode): boolean {
  if (node.type === 'TSImportType') return true
  return node.importKind === 'type' || node.exportKind === 'type'
}
