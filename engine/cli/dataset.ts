import { existsSync, statSync, writeFileSync } from 'node:fs'
import { totalmem } from 'node:os'
import { basename, resolve } from 'node:path'
import { examineDataset } from '../dataset/doctor/examine.ts'
import { readableDataset } from '../dataset/doctor/read-folder.ts'
import { contactSheet } from '../dataset/doctor/sheet.ts'
import { reportLines } from '../dataset/doctor/tell.ts'
import { type DatasetInput, type DatasetSettings, datasetSchema } from '../dataset/settings.ts'
import { messageOf, WorkflowError } from '../errors.ts'
import { openFolder } from '../files/folder.ts'
import { encodePng } from '../formats/picture.ts'
import { familyById } from '../models/families.ts'
import { suggestSettings, type TrainingSubject } from '../training/suggest.ts'
import { exitCode } from './exit-code.ts'
import type { Host } from './host.ts'
import { type Shell, say, sayJson } from './shell.ts'

/** Options of `mazeru dataset check`. */
export interface DatasetCommandOptions {
  json?: boolean | undefined
  /** File that the contact sheet is written into, a PNG. */
  sheet?: string | undefined
  /** Side in pixels that the set is to be trained at; 512 where absent. */
  resolution?: string | undefined
  /** False cuts every picture to a square, as kohya's scripts do unless told otherwise. */
  buckets?: boolean | undefined
  requireLicence?: boolean | undefined
  /** What a LoRA is to learn; `character` where absent. */
  subject?: string | undefined
  /** GiB that a training may use; that of the machine where absent. */
  memory?: string | undefined
}

/** What can be done with a folder of pictures, by the first word of the command. */
const tasks: Readonly<Record<string, typeof checkDataset>> = {
  check: checkDataset,
  suggest: suggestForDataset,
}

/** Does `task` with the pictures of a folder; gives the exit code. */
export async function datasetCommand(
  task: string,
  options: DatasetCommandOptions,
  _host: Host,
  shell: Shell,
  [, folder = '.']: readonly string[],
): Promise<number> {
  const run = tasks[task]
  if (!run) {
    const known = Object.keys(tasks).join(', ')
    throw new WorkflowError(`dataset: no task "${task}", ${known} expected`)
  }
  return run(folder, options, shell)
}

/** Says what is wrong with the pictures and captions of a folder. 1 where there are errors. */
async function checkDataset(
  folder: string,
  options: DatasetCommandOptions,
  shell: Shell,
): Promise<number> {
  const path = existingFolder(resolve(shell.place.folder, folder))
  const settings = settingsOf(options)
  const source = openFolder(path, folder)
  const { dataset, unreadable } = await readableDataset(source, settings, basename(path))
  const { stderr } = shell
  const examination = await examineDataset(dataset, {
    unreadable,
    requireLicence: options.requireLicence ?? false,
    onPicture: (done, total) => stderr.isTTY && stderr.write(`\r${done} of ${total} pictures`),
  })
  if (stderr.isTTY) stderr.write('\r\u001b[K')
  const { report } = examination
  if (options.sheet !== undefined) {
    const sheet = await encodePng(contactSheet(examination))
    writeSheet(resolve(shell.place.folder, options.sheet), options.sheet, sheet)
  }
  if (options.json) sayJson(shell.stdout, report)
  else for (const line of reportLines(report)) say(shell.stdout, line)
  return report.counts.errors > 0 ? exitCode.failed : exitCode.done
}

/** Says which settings suit the number of pictures and the memory, each with the reason. */
async function suggestForDataset(
  folder: string,
  options: DatasetCommandOptions,
  { place, stdout }: Shell,
): Promise<number> {
  const path = existingFolder(resolve(place.folder, folder))
  const { dataset } = await readableDataset(
    openFolder(path, folder),
    settingsOf(options),
    basename(path),
  )
  const suggestions = suggestSettings({
    pictures: dataset.items.length,
    memory: memoryOf(options),
    family: familyById('sd15')!,
    subject: subjectOf(options),
  })
  if (options.json) sayJson(stdout, suggestions)
  else {
    for (const { setting, value, reason } of suggestions) {
      say(stdout, `${setting}: ${value} (${reason})`)
    }
  }
  return exitCode.done
}

function subjectOf({ subject = 'character' }: DatasetCommandOptions): TrainingSubject {
  if (subject === 'style' || subject === 'character') return subject
  throw new WorkflowError(`--subject: ${subject} given, style or character expected`)
}

function memoryOf({ memory }: DatasetCommandOptions): number {
  if (memory === undefined) return totalmem()
  const bytes = Number(memory) * 2 ** 30
  if (bytes > 0 && Number.isFinite(bytes)) return bytes
  throw new WorkflowError(`--memory: ${memory} given, a number of GiB above 0 expected`)
}

function settingsOf({ resolution = '512', buckets = true }: DatasetCommandOptions) {
  const side = Number(resolution)
  const input: DatasetInput = {
    resolution: side,
    enableBucket: buckets,
    // The limits of the schema are those of a resolution of 512.
    minBucketReso: Math.max(8, Math.floor(side / 2)),
    maxBucketReso: Math.min(8192, 2 * side),
  }
  const parsed = datasetSchema.safeParse(input)
  if (parsed.success) return parsed.data satisfies DatasetSettings
  const step = buckets ? 'a whole number' : 'a multiple of 8'
  throw new WorkflowError(`--resolution: ${resolution} given, ${step} of 8 to 8192 expected`)
}

function existingFolder(path: string): string {
  if (!existsSync(path)) throw new WorkflowError(`dataset: no folder ${path}`)
  if (!statSync(path).isDirectory()) {
    throw new WorkflowError(`dataset: ${path} is a file, a folder expected`)
  }
  return path
}

function writeSheet(path: string, name: string, bytes: Uint8Array): void {
  if (!/\.png$/i.test(name)) throw new WorkflowError(`--sheet: ${name} given, a .png file expected`)
  try {
    writeFileSync(path, bytes)
  } catch (cause) {
    throw new WorkflowError(`--sheet: ${name} cannot be written (${messageOf(cause)})`, { cause })
  }
}
