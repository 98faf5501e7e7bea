import { WorkflowError } from '../errors.ts'
import { openChannel } from './channel.ts'
import { packError, type WorkbenchAnswer, type WorkbenchCommand } from './messages.ts'
import { dataset, inspect, thumbnail } from './workbench-tasks.ts'

/** What the program lends to a workbench. */
export interface WorkbenchTools {
  /** The lines of `mazeru doctor`. */
  readonly doctor: () => Promise<readonly string[]>
}

/** What a workbench can do, by name; arguments come from `openWorkbench` alone. */
type Tasks = Readonly<Record<string, (...args: never[]) => Promise<unknown>>>

/** The loop of a workbench's process: one task at a time, until the parent is gone. */
export async function workbenchMain({ doctor }: WorkbenchTools): Promise<void> {
  const tasks: Tasks = { thumbnail, inspect, dataset, doctor }
  const channel = openChannel<WorkbenchCommand, WorkbenchAnswer>('workbench')
  channel.listen(async ({ task, args }) => {
    try {
      const run = tasks[task]
      if (!run) throw new WorkflowError(`workbench: no task "${task}"`)
      await channel.send({ result: await run(...(args as never[])) })
    } catch (thrown) {
      await channel.send({ error: packError(thrown) })
    }
  })
  await new Promise(() => undefined)
}
