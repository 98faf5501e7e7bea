import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { openLog } from '../../../engine/server/log.ts'
import { type ServeOptions, serve } from '../../../engine/server/serve.ts'
import { createCatalogue } from '../../../engine/workflow/index.ts'
import { arithmeticNodes } from '../../fixtures/arithmetic-nodes.ts'
import { entry, folderWith } from './support.ts'

const silent = openLog('silent')
const catalogue = createCatalogue(arithmeticNodes)

/** A server of arithmetic with everything real: executor and workbench in processes. */
export async function wholeServer(
  files: Record<string, string | Uint8Array> = {},
  options: Partial<ServeOptions> = {},
) {
  const folder = folderWith(files)
  const at = (name: string) => join(folder.path, name)
  for (const name of ['models', 'templates']) mkdirSync(at(name), { recursive: true })
  const server = await serve({
    ...{ catalogue, version: '0.0.0', log: silent, port: 0 },
    entry,
    folders: {
      models: [at('models')],
      input: at('input'),
      output: at('output'),
      cache: at('cache'),
      workflows: at('workflows'),
      templates: at('templates'),
      data: at('data'),
      editor: at('editor'),
    },
    ...options,
  })
  return {
    ...server,
    folder: folder.path,
    async end() {
      await server.close()
      folder.remove()
    },
  }
}
