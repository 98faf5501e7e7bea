#!/usr/bin/env node
import { enableCompileCache } from 'node:module'

// Starting is mostly reading this program; the cache, in the system's temporary folder, halves it.
enableCompileCache()
const [{ nodes }, { endProcess, processShell }, { runCommandLine }, context, workflow] =
  await Promise.all([
    import('../nodes/index.ts'),
    import('./cli/process-shell.ts'),
    import('./cli/program.ts'),
    import('./context.ts'),
    import('./workflow/index.ts'),
  ])

/** The command `mazeru`: the only file that imports nodes. */
const { openServices, servicesFor } = context
const host = { catalogue: workflow.createCatalogue(nodes), openServices, servicesFor }
await endProcess(await runCommandLine(process.argv.slice(2), host, processShell()))
