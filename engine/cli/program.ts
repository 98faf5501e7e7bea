import { Command, CommanderError, Option } from 'commander'
import manifest from '../../package.json' with { type: 'json' }
import { checkCommand } from './check.ts'
import { exitCode, exitCodeOf } from './exit-code.ts'
import { type Host, providerChoices } from './host.ts'
import { nodesCommand } from './nodes.ts'
import { createReport, type ReportOptions } from './report.ts'
import { runCommand } from './run.ts'
import type { Shell } from './shell.ts'
import { whyCommand } from './why.ts'

/** A command: how it is declared, and what it does with its arguments and its options. */
interface CommandEntry {
  /** Not for people: left out of the help. */
  readonly isHidden?: boolean
  declare(command: Command): Command
  run(
    argument: string,
    options: object,
    host: Host,
    shell: Shell,
    /** All arguments, where there is more than one. */
    words: readonly string[],
  ): Promise<number>
}

/** Levels of the server's log, from the quietest. */
const logLevels = ['silent', 'error', 'warn', 'info', 'debug']

/** The commands by name and argument, in the order of the help. */
const commands: Readonly<Record<string, CommandEntry>> = {
  'run <file>': {
    declare: (command) =>
      folderOptions(editOptions(command))
        .description('run a workflow: a JSON file, - for stdin, or a PNG that carries one')
        .addOption(new Option('--provider <name>', 'where networks run').choices(providerChoices))
        .option('--watch', 'run again what changed whenever the file is saved')
        .option('--no-cache', 'neither read nor write results on disk')
        .option('--json', 'events as lines of JSON on stdout'),
    run: runCommand,
  },
  'check <file>': {
    declare: (command) =>
      folderOptions(editOptions(command))
        .description('say every problem of a workflow without running it')
        .option('--json', 'the problems as one JSON object'),
    run: checkCommand,
  },
  'why <file>': {
    declare: (command) =>
      folderOptions(editOptions(command))
        .description('say which nodes would run again and what changed since the last run')
        .option('--json', 'one JSON object per node'),
    run: whyCommand,
  },
  'nodes [type]': {
    declare: (command) =>
      command
        .description('list the nodes, or describe one')
        .option('--json', 'one JSON object per node')
        .option('--schema', 'JSON Schema of a workflow file, or of one node in it'),
    run: nodesCommand,
  },
  'dataset <task> [folder]': {
    declare: (command) =>
      command
        .description(
          'check DIR: say what is wrong with pictures and captions; suggest DIR: settings for them',
        )
        .option('--resolution <pixels>', 'side that they are trained at (default: 512)')
        .option('--no-buckets', 'every picture is cut to a square')
        .option('--require-licence', 'a picture without a licence is an error')
        .option('--subject <what>', 'suggest: style or character (default: character)')
        .option('--memory <GiB>', 'suggest: what a training may use (default: all there is)')
        .option('--sheet <file>', 'write a contact sheet with crops and findings, a PNG')
        .option('--json', 'the report as one JSON object'),
    run: async (...all) => (await import('./dataset.ts')).datasetCommand(...all),
  },
  'import-training <file>': {
    declare: (command) =>
      command
        .description('turn the settings of another training tool into a workflow')
        .option('--dataset-config <file>', 'a dataset file of sd-scripts')
        .option('-o, --output <file>', 'the workflow to write')
        .option('--force', 'write over a workflow that is there')
        .option('--json', 'report and workflow as one JSON object'),
    run: async (...[first, options, host, shell]) =>
      (await import('./import-training.ts')).importTrainingCommand(first, options, host, shell),
  },
  demo: {
    declare: (command) =>
      command
        .description('make a picture with the models that come along')
        .option('--out <dir>', 'folder that the picture is saved in (default: ./output)')
        .addOption(new Option('--provider <name>', 'where networks run').choices(providerChoices))
        .option('--json', 'events as lines of JSON on stdout'),
    run: async (...[first, options, host, shell]) =>
      (await import('./demo.ts')).demoCommand(first, options, host, shell),
  },
  doctor: {
    declare: (command) =>
      command
        .description('list the devices and hold what each computes against the processor')
        .addOption(
          new Option('--provider <name>', 'only this one').choices(providerChoices.slice(1)),
        )
        .option('--fresh', 'probe again what is remembered')
        .option('--json', 'the findings as one JSON object'),
    run: async (...[first, options, host, shell]) =>
      (await import('./doctor.ts')).doctorCommand(first, options, host, shell),
  },
  'bench [part]': {
    declare: (command) =>
      command
        .description(
          'measure this machine: draw (the default), train; probe: what the demo model draws',
        )
        .option('--full', 'write and measure a random checkpoint of the size of SD 1.5, 2 GB')
        .option('--json <file>', 'write the figures into a file')
        .option('--only <names>', 'figures to measure, separated by commas')
        .option('--rounds <number>', 'rounds of each measurement (default: 8)')
        .option('--versus <command>', 'a command that prints the ms of a step of another program')
        .option('--checkpoint <file>', 'measure this checkpoint of SD 1.x instead')
        .option('--keep', 'keep the random checkpoint'),
    run: async (...[first, options, host, shell]) =>
      (await import('./bench.ts')).benchCommand(first, options, host, shell),
  },
  serve: {
    declare: (command) =>
      folderOptions(command)
        .description('serve the editor and run what it is given')
        .option('--port <number>', 'port to listen at (default: 4180)')
        .option('--host <address>', 'address to listen at; any but 127.0.0.1 needs a token')
        .option('--token <text>', 'demanded of everyone; auto makes one (or: MAZERU_TOKEN)')
        .option('--workflows <dir>', 'folder of workflow files (default: ./my-workflows)')
        .option('--data <dir>', 'folder of the queue and its kin (default: .mazeru in --out)')
        .addOption(new Option('--provider <name>', 'where networks run').choices(providerChoices))
        .option('--executors <number>', 'processes that run workflows (default: 1)')
        .option('--allow-private-webhooks', 'let webhooks go to machines of your own network')
        .option('--no-open', 'open no browser')
        .option('--no-build', 'serve the editor as it was built before')
        .addOption(new Option('--log-level <level>', 'lines of JSON on stderr').choices(logLevels)),
    run: async (...[, options, host, shell]) =>
      (await import('./serve.ts')).serveCommand(options, host, shell),
  },
  executor: {
    isHidden: true,
    declare: (command) => command.description('run what the server sends'),
    run: async (_first, _options, host) => (await import('./executor.ts')).executorCommand(host),
  },
  workbench: {
    isHidden: true,
    declare: (command) => command.description('look at files for the server'),
    run: async (...[, , , shell]) => (await import('./executor.ts')).workbenchCommand(shell),
  },
}

/** The words that name a command. */
export const commandNames = Object.keys(commands).map((name) => name.split(' ')[0] as string)

/**
 * Runs a command line, without the program's name; gives the exit code and throws nothing.
 * What a user can mend is said in a sentence; stacks only with `--verbose`.
 */
export async function runCommandLine(
  words: readonly string[],
  host: Host,
  shell: Shell,
): Promise<number> {
  let code: number = exitCode.done
  const program = new Command('mazeru')
    .description('node-graph workflows for Stable Diffusion')
    .version(manifest.version)
    .option('--verbose', 'show where errors come from')
  for (const [name, { declare, run, isHidden = false }] of Object.entries(commands)) {
    const command = declare(program.command(name, { hidden: isHidden }))
    command.action(async (first: unknown) => {
      const options = command.optsWithGlobals()
      // A command without an argument gets its options first; it does not look at what it gets.
      const argument = (typeof first === 'string' ? first : undefined) as string
      code = await guarded(options, shell, () => run(argument, options, host, shell, command.args))
    })
  }
  return await parse(program, words, shell, () => code)
}

async function parse(
  program: Command,
  words: readonly string[],
  { stdout, stderr }: Shell,
  code: () => number,
): Promise<number> {
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
    })
  }
  try {
    await program.parseAsync(words, { from: 'user' })
    return code()
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown
    return thrown.exitCode === 0 ? exitCode.done : exitCode.refused
  }
}

async function guarded(
  options: ReportOptions,
  shell: Shell,
  act: () => Promise<number>,
): Promise<number> {
  try {
    return await act()
  } catch (thrown) {
    createReport(shell, options).thrown(thrown)
    return exitCodeOf(thrown)
  }
}

function editOptions(command: Command): Command {
  return command
    .option('--set <node.param=value>', 'set a param; may be repeated', gather)
    .option('--input <name=value>', 'give a named input; may be repeated', gather)
    .option('--output <name>', 'only this output or node; may be repeated', gather)
}

function folderOptions(command: Command): Command {
  return command
    .option('--models <dir>', 'folder of models before all others; may be repeated', gather)
    .option('--in <dir>', 'folder that pictures are loaded from (default: ./input)')
    .option('--out <dir>', 'folder that pictures are saved in (default: ./output)')
}

function gather(value: string, before: string[] = []): string[] {
  return [...before, value]
}
