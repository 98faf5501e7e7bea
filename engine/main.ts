#!/usr/bin/env node
import { nodes } from '../nodes/index.ts'
import { endProcess, processShell } from './cli/process-shell.ts'
import { runCommandLine } from './cli/program.ts'
import { openServices, servicesFor } from './context.ts'
import { createCatalogue } from './workflow/index.ts'

/** The command `mazeru`: the only file that imports nodes. */
const host = { catalogue: createCatalogue(nodes), openServices, servicesFor }
await endProcess(await runCommandLine(process.argv.slice(2), host, processShell()))
