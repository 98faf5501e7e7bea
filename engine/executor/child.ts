import { type ChildProcess, fork } from 'node:child_process'
import { resolve } from 'node:path'

/** How a process of this program is started. */
export interface ChildOptions<Answer> {
  /** The program's file; that of mazeru unless given. */
  readonly entry?: string | undefined
  /** The hidden command that it runs. */
  readonly command: string
  readonly onAnswer: (answer: Answer) => void
  /** Told what the process writes, for a log. */
  readonly onText?: ((text: string) => void) | undefined
}

/** How a process ended. */
export interface ChildEnd {
  /** `signal SIGKILL`, `code 134`. */
  readonly how: string
  /** The end of what it wrote to its error stream. */
  readonly text: string
}

/** A child process. */
export interface Child<Command> {
  readonly pid: number | undefined
  /** Never rejects. */
  readonly ended: Promise<ChildEnd>
  send(command: Command): void
  /** Ends it at once, even where it is stopped or hangs. */
  kill(): void
}

const program = resolve(import.meta.dirname, '..', 'main.ts')
const keptText = 4000

/** Starts a child process that speaks by messages. */
export function startChild<Command, Answer>(options: ChildOptions<Answer>): Child<Command> {
  const { entry = program, command, onAnswer, onText } = options
  const child = fork(entry, [command], {
    serialization: 'advanced',
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  let text = ''
  child.stderr!.setEncoding('utf8').on('data', (piece: string) => {
    text = (text + piece).slice(-keptText)
    onText?.(piece)
  })
  child.stdout!.setEncoding('utf8').on('data', (piece: string) => onText?.(piece))
  child.on('message', (answer) => onAnswer(answer as Answer))
  return {
    pid: child.pid,
    ended: endOf(child, () => text.trim()),
    send(message) {
      if (child.connected) child.send(message as object, () => undefined)
    },
    kill: () => void child.kill('SIGKILL'),
  }
}

function endOf(child: ChildProcess, text: () => string): Promise<ChildEnd> {
  return new Promise((resolve) => {
    child.once('error', ({ message }) => resolve({ how: message, text: text() }))
    child.once('close', (code, signal) => {
      resolve({ how: signal ? `signal ${signal}` : `code ${code}`, text: text() })
    })
  })
}
