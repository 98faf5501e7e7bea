import { existsSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '../errors.ts'

/** What the built editor is made of, below the package's folder. */
const sources = ['editor', 'engine/protocol', 'engine/workflow/socket-type.ts', 'package.json']

const skipped = new Set(['dist', 'node_modules'])

/**
 * Builds the editor into `editor/dist` where that is older than its sources. Gives the folder, or
 * undefined where there is none. A build that fails is told; what was built before is served on.
 */
export async function buildEditor(
  root: string,
  mayBuild: boolean,
  notice: (sentence: string) => void,
): Promise<string | undefined> {
  const folder = join(root, 'editor', 'dist')
  const page = join(folder, 'index.html')
  const config = join(root, 'editor', 'vite.config.ts')
  if (mayBuild && existsSync(config) && (await isOld(root, page))) {
    notice('building the editor, once')
    try {
      const { build } = await import('vite')
      await build({ configFile: config, logLevel: 'error' })
    } catch (thrown) {
      notice(`editor: not built (${messageOf(thrown)}), the server runs without the new one`)
    }
  }
  if (existsSync(page)) return folder
  notice('editor: none built, only the HTTP interface is served; npm install brings what builds it')
  return undefined
}

async function isOld(root: string, page: string): Promise<boolean> {
  const built = await stat(page).catch(() => undefined)
  if (!built) return true
  const times = await Promise.all(sources.map((name) => newest(join(root, name))))
  return Math.max(...times) > built.mtimeMs
}

/** The time of the latest change below a path, 0 where nothing is there. */
async function newest(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined)
  if (!found?.isDirectory()) return found?.mtimeMs ?? 0
  const names = (await readdir(path)).filter((name) => !skipped.has(name))
  const times = await Promise.all(names.map((name) => newest(join(path, name))))
  return Math.max(0, ...times)
}
