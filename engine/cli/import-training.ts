import { readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { messageOf, WorkflowError } from '../errors.ts'
import { importTraining } from '../training/import/import-training.ts'
import type { ImportFiles } from '../training/import/kohya-dataset.ts'
import { reportText } from '../training/import/report.ts'
import { trainingWorkflow } from '../training/import/workflow.ts'
import { exitCode } from './exit-code.ts'
import type { Host } from './host.ts'
import { type Shell, say, sayJson } from './shell.ts'

/** Options of `mazeru import-training`. */
export interface ImportTrainingOptions {
  /** A dataset file of sd-scripts. */
  datasetConfig?: string | undefined
  /** The workflow to write. */
  output?: string | undefined
  force?: boolean | undefined
  json?: boolean | undefined
}

/**
 * Reads the configuration of another training tool, says what became of every key, and writes a
 * workflow that trains the same; gives the exit code.
 */
export async function importTrainingCommand(
  file: string,
  { datasetConfig, output, force = false, json = false }: ImportTrainingOptions,
  _host: Host,
  { place, stdout, stderr }: Shell,
): Promise<number> {
  const path = resolve(place.folder, file)
  const dataset = datasetConfig && {
    name: datasetConfig,
    text: await textOf(datasetConfig, resolve(place.folder, datasetConfig)),
  }
  const imported = await importTraining(
    { name: file, text: await textOf(file, path) },
    filesBeside(path, place.folder),
    dataset || undefined,
  )
  // What the file names stands below its own folder.
  const datasets = imported.datasets.map(({ folder, settings }) => ({
    folder: resolve(dirname(path), folder).replaceAll('\\', '/'),
    settings,
  }))
  const { workflow, notices } = trainingWorkflow({ ...imported, datasets })
  if (output) await writeWorkflow(output, resolve(place.folder, output), workflow, force)
  if (json) {
    sayJson(stdout, { report: imported.report, workflow, notices })
    return exitCode.done
  }
  say(stdout, reportText(imported.report))
  for (const notice of notices) say(stderr, notice)
  if (output) say(stderr, `written: ${output}`)
  else say(stderr, 'nothing written: name a workflow with -o workflow.json')
  return exitCode.done
}

/** Files that a configuration names: below its folder, or below the current one as scripts do. */
function filesBeside(path: string, current: string): ImportFiles {
  const places = [dirname(path), current]
  return {
    text: async (name) => {
      const [first, ...others] = await Promise.allSettled(
        pathsOf(name, places).map((candidate) => readFile(candidate, 'utf8')),
      )
      const found = [first!, ...others].find(({ status }) => status === 'fulfilled')
      if (found?.status === 'fulfilled') return found.value
      throw new WorkflowError(`${name}: ${reason((first as PromiseRejectedResult).reason)}`)
    },
    folders: async (name) => {
      for (const candidate of pathsOf(name, places)) {
        const entries = await readdir(candidate, { withFileTypes: true }).catch(() => undefined)
        if (!entries) continue
        return entries
          .filter((entry) => entry.isDirectory())
          .map((entry) => entry.name)
          .sort()
      }
      throw new WorkflowError(`${name}: no such folder, folders of pictures expected`)
    },
  }
}

function pathsOf(name: string, places: readonly string[]): string[] {
  if (isAbsolute(name)) return [name]
  return [...new Set(places)].map((place) => join(place, name))
}

async function textOf(name: string, path: string): Promise<string> {
  try {
    const bytes = await readFile(path)
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new WorkflowError(`${name}: ${reason(cause)}`, { cause })
  }
}

function reason(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  if (code === 'ENOENT') return 'no such file, settings of a training expected'
  if (code === 'EISDIR') return 'a folder, a file with settings of a training expected'
  if (cause instanceof TypeError) return 'not UTF-8 text, settings of a training expected'
  return messageOf(cause)
}

async function writeWorkflow(
  name: string,
  path: string,
  workflow: object,
  force: boolean,
): Promise<void> {
  try {
    const flag = force ? 'w' : 'wx'
    await writeFile(path, `${JSON.stringify(workflow, undefined, 2)}\n`, { flag })
  } catch (cause) {
    const exists = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST'
    const says = exists
      ? 'is there already, a new name expected; --force writes over it'
      : undefined
    throw new WorkflowError(`${name}: ${says ?? messageOf(cause)}`, { cause })
  }
}
