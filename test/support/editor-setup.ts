import { existsSync } from 'node:fs'
import { buildEditor } from '../../engine/cli/build-editor.ts'
import { chromiumPath } from './editor-page.ts'
import { projectRoot } from './sources.ts'

/** Builds the editor once, before the first test file, where its sources are newer. */
export async function setup(): Promise<void> {
  if (!existsSync(chromiumPath)) return
  const said: string[] = []
  const folder = await buildEditor(projectRoot, true, (sentence) => said.push(sentence))
  const fault = said.find((sentence) => sentence.startsWith('editor:'))
  if (!folder || fault) throw new Error(said.join('\n'))
}
