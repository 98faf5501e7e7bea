import { basename } from 'node:path'
import { DeviceError, FormatError } from '../errors.ts'
import { type LaneOptions, openLane } from './lane.ts'
import type { Workbench } from './types.ts'

/** How a workbench is opened. */
export interface WorkbenchOptions extends LaneOptions {
  /** Milliseconds that one file may take. */
  readonly patience?: number
}

const filePatience = 60_000
const longPatience = 1_800_000

/**
 * Opens a workbench. Short tasks and long ones have a process each, so that thumbnails do not wait
 * for the doctor. A file that ends its process fails the one call that brought it.
 */
export function openWorkbench(options: WorkbenchOptions = {}): Workbench {
  const { patience = filePatience } = options
  const short = openLane(options)
  const long = openLane(options)
  const ofFile = (task: string, path: string, args: readonly unknown[]) =>
    short.ask({
      ...{ task, args, patience },
      broken: (how) =>
        new FormatError(
          `${basename(path)}: the process that read it ${how}, a sound file expected`,
        ),
    })
  const ofMachine = (task: string, ...args: readonly unknown[]) =>
    long.ask({
      ...{ task, args, patience: longPatience },
      broken: (how) => new DeviceError(`${task}: the process that did it ${how}`),
    })
  // What a task gives is typed where it is written, in the same program.
  return {
    thumbnail: (path, size) =>
      ofFile('thumbnail', path, [path, size]) as ReturnType<Workbench['thumbnail']>,
    inspect: (kind, path) =>
      ofFile('inspect', path, [kind, path]) as ReturnType<Workbench['inspect']>,
    doctor: () => ofMachine('doctor') as ReturnType<Workbench['doctor']>,
    dataset: (folder) => ofMachine('dataset', folder),
    async stop() {
      await Promise.all([short.stop(), long.stop()])
    },
  }
}
