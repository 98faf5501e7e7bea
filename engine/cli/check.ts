import { ensureDemoFor } from './demo-files.ts'
import { exitCode } from './exit-code.ts'
import { demoModels, type FolderOptions, foldersOf } from './folders.ts'
import { type Host, withServices } from './host.ts'
import { type EditOptions, prepare } from './prepare.ts'
import { problemLine, type ReportOptions } from './report.ts'
import { type Shell, say, sayJson } from './shell.ts'
import { readSource } from './source.ts'

/** Options of `mazeru check`. */
export interface CheckCommandOptions extends FolderOptions, EditOptions, ReportOptions {}

/** Says what stands against running a workflow; gives the exit code. Nothing is run. */
export async function checkCommand(
  file: string,
  options: CheckCommandOptions,
  host: Host,
  shell: Shell,
): Promise<number> {
  const source = await readSource(file, shell)
  const folders = foldersOf(shell.place, { ...options, workflow: source.path })
  await ensureDemoFor(source.text, demoModels)
  const { plan, problems } = await withServices(host, folders, {}, ({ files }) =>
    prepare(source, options, host.catalogue, files),
  )
  const nodes = plan ? [...plan.nodes.keys()] : []
  if (options.json) sayJson(shell.stdout, plan ? { ok: true, nodes } : { ok: false, problems })
  else if (plan) say(shell.stdout, `${source.name}: no problems, ${nodes.length} nodes would run`)
  else for (const problem of problems) say(shell.stdout, problemLine(problem))
  return plan ? exitCode.done : exitCode.refused
}
