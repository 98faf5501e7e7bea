import { existsSync, statSync } from 'node:fs'
import { delimiter, dirname, join, resolve } from 'node:path'
import { WorkflowError } from '../errors.ts'

/** Where a command was started. */
export interface Place {
  folder: string
  home: string
  platform: NodeJS.Platform
  environment: Readonly<Record<string, string | undefined>>
}

/** Absolute folders that a run reads and writes. */
export interface Folders {
  /** In order of preference; the package's demo models come last. */
  models: string[]
  input: string
  output: string
  cache: string
}

/** Folders named on the command line, relative to the current one. */
export interface FolderOptions {
  models?: readonly string[] | undefined
  in?: string | undefined
  out?: string | undefined
  /** Absolute path of the workflow file, where there is one. */
  workflow?: string | undefined
}

/** The models that come with mazeru. */
export const demoModels = resolve(import.meta.dirname, '..', '..', 'models', 'demo')

/**
 * The folders of a command. Models: those named, then `MAZERU_MODELS` (a path list) or `./models`,
 * then the demo. Pictures come from `MAZERU_INPUT` or `./input`, else from the folder `input`
 * beside the workflow file, and go to `./output`.
 * Throws WorkflowError where a folder named on the command line is not there.
 */
export function foldersOf(place: Place, options: FolderOptions = {}): Folders {
  const { environment } = place
  const absolute = (path: string) => resolve(place.folder, path)
  const listed = (environment.MAZERU_MODELS ?? 'models').split(delimiter).filter(Boolean)
  const named = (options.models ?? []).map((path) => existing('--models', absolute(path)))
  const input = options.in ? existing('--in', absolute(options.in)) : undefined
  return {
    models: [...new Set([...named, ...listed.map(absolute).filter(existsSync), demoModels])],
    input: input ?? inputFolder(place, options.workflow),
    output: absolute(options.out ?? 'output'),
    cache: cacheFolder(place),
  }
}

function inputFolder({ folder, environment }: Place, workflow: string | undefined): string {
  if (environment.MAZERU_INPUT) return resolve(folder, environment.MAZERU_INPUT)
  const here = resolve(folder, 'input')
  if (!workflow || existsSync(here)) return here
  const beside = join(dirname(workflow), 'input')
  return existsSync(beside) ? beside : here
}

/** `MAZERU_CACHE`, or mazeru's folder where the system keeps what can be made again. */
export function cacheFolder({ folder, home, platform, environment }: Place): string {
  if (environment.MAZERU_CACHE) return resolve(folder, environment.MAZERU_CACHE)
  if (platform === 'win32') {
    return join(environment.LOCALAPPDATA ?? join(home, 'AppData', 'Local'), 'mazeru', 'cache')
  }
  if (platform === 'darwin') return join(home, 'Library', 'Caches', 'mazeru')
  return join(environment.XDG_CACHE_HOME ?? join(home, '.cache'), 'mazeru')
}

function existing(option: string, path: string): string {
  if (!existsSync(path)) throw new WorkflowError(`${option}: no folder ${path}`)
  if (!statSync(path).isDirectory()) {
    throw new WorkflowError(`${option}: ${path} is a file, a folder expected`)
  }
  return path
}
