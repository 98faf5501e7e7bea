import { executorMain } from '../executor/executor-main.ts'
import { workbenchMain } from '../executor/workbench-main.ts'
import { previewOf } from '../inference/preview.ts'
import { ensureDemoFor } from './demo-files.ts'
import { doctorReport, linesOf } from './doctor.ts'
import { exitCode } from './exit-code.ts'
import { demoModels } from './folders.ts'
import type { Host } from './host.ts'
import type { Shell } from './shell.ts'

/** `mazeru executor`: runs what the server that started this process sends. */
export async function executorCommand(host: Host): Promise<number> {
  await executorMain(host, {
    prepare: (workflow) => ensureDemoFor(workflow, demoModels),
    latentPicture: previewOf,
  })
  return exitCode.done
}

/** `mazeru workbench`: looks at files for the server that started this process. */
export async function workbenchCommand(shell: Shell): Promise<number> {
  await workbenchMain({ doctor: async () => linesOf(await doctorReport({}, shell)) })
  return exitCode.done
}
