import { join, resolve } from 'node:path'
import { ensureDemo } from './demo-files.ts'
import { demoModels, type FolderOptions } from './folders.ts'
import type { Host } from './host.ts'
import type { ReportOptions } from './report.ts'
import { runCommand } from './run.ts'
import { type Shell, say } from './shell.ts'

/** The workflow of the demo: one prompt, two LoRAs, mixed at three ratios. */
const demoWorkflow = resolve(import.meta.dirname, '..', '..', 'workflows', 'demo.json')

/** Makes a picture with the models that come along, and says where it is. Gives the exit code. */
export async function demoCommand(
  _argument: unknown,
  options: FolderOptions & ReportOptions,
  host: Host,
  shell: Shell,
): Promise<number> {
  const made = await ensureDemo(demoModels)
  for (const name of made) say(shell.stderr, `unpacked ${join(demoModels, name)}`)
  say(shell.stderr, 'one prompt, two LoRAs, from left to right more of the second')
  const code = await runCommand(demoWorkflow, options, host, shell)
  if (code === 0) {
    say(shell.stderr, 'another mix of the same two LoRAs:')
    say(
      shell.stderr,
      '  npm run mazeru -- run workflows/two-loras.json --set blend.ratio1=0.2 --set blend.ratio2=0.9',
    )
  }
  return code
}
