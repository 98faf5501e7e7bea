import type { ServicesOptions } from '../context.ts'
import { DeviceError, FormatError, messageOf, WorkflowError } from '../errors.ts'
import type { ExecutorEvent, PreviewFrame, RunEnd, RunRequest } from './types.ts'

/** What goes between the server's process and its children. Both are this program. */

/** What an executor is opened with. */
export interface ExecutorSetup {
  readonly folders: {
    readonly models: readonly string[]
    readonly input: string
    readonly output: string
    readonly cache: string
  }
  readonly provider?: ServicesOptions['provider']
  /** Where pictures on wires are kept; none are where it is absent. */
  readonly values?: { readonly folder: string; readonly maxBytes: number }
}

/** To an executor. The first is `open`. */
export type ExecutorCommand =
  | { readonly type: 'open'; readonly setup: ExecutorSetup }
  | { readonly type: 'run'; readonly request: RunRequest }
  | {
      readonly type: 'set'
      readonly ask: number
      readonly run: string
      readonly node: string
      readonly param: string
      readonly value: unknown
    }
  | { readonly type: 'cancel'; readonly run: string }
  | { readonly type: 'ping' }
  /** Ends the process once the run in progress has been left. */
  | { readonly type: 'stop' }

/** From an executor. */
export type ExecutorAnswer =
  | { readonly type: 'ready' }
  | { readonly type: 'pong' }
  | { readonly type: 'notice'; readonly message: string }
  | { readonly type: 'event'; readonly event: ExecutorEvent }
  | { readonly type: 'preview'; readonly frame: PreviewFrame }
  | {
      readonly type: 'set-done'
      readonly ask: number
      readonly applied?: 'now' | 'next-run'
      readonly error?: PackedError
    }
  | { readonly type: 'end'; readonly run: string; readonly end: RunEnd; readonly rss: number }

/** To a workbench: one task at a time, by the name of its table. */
export interface WorkbenchCommand {
  readonly task: string
  readonly args: readonly unknown[]
}

/** From a workbench: the result of the one task. */
export type WorkbenchAnswer =
  | { readonly result: unknown; readonly error?: undefined }
  | { readonly error: PackedError }

/** An error that travels: its class as a word. */
export interface PackedError {
  readonly name: string
  readonly message: string
}

const errorClasses: Readonly<Record<string, new (message: string) => Error>> = {
  WorkflowError,
  FormatError,
  DeviceError,
}

/** Packs whatever was thrown. */
export function packError(thrown: unknown): PackedError {
  return { name: thrown instanceof Error ? thrown.name : 'Error', message: messageOf(thrown) }
}

/** An error of the class that it had on the other side, as far as a user can mend it. */
export function unpackError({ name, message }: PackedError): Error {
  return new (errorClasses[name] ?? Error)(message)
}
