import { z } from 'zod'
import type { NodeContext } from './context.ts'
import type { Lookup } from './lookup.ts'
import type { NodeEntry } from './schema.ts'
import type { Inputs, Outputs, RunInputs, RunParams } from './values.ts'

/** What a node's result depends on. An impure node is never cached and runs whenever wanted. */
export type Purity = 'pure' | 'seeded' | 'impure'

/**
 * A socket: its type, or its type with more to say. `optional` is of inputs. `needs` is of outputs:
 * the optional input without which the node has no such output.
 */
export type SocketSpec =
  | string
  | {
      readonly type: string
      readonly optional?: boolean
      readonly needs?: string
      readonly description?: string
    }

export type SocketSpecs = Readonly<Record<string, SocketSpec>>

/**
 * A group of sockets and params that a node has any number of times, as `lora1`, `ratio1`,
 * `lora2`, `ratio2` … without gaps. `run` gets them as `inputs.items`.
 * Names in a group may not end in a digit.
 */
export interface RepeatSpec {
  readonly inputs?: SocketSpecs
  readonly params?: z.ZodObject
  /** Fewest items, 0 where absent. */
  readonly min?: number
  /** Most items, 64 where absent. */
  readonly max?: number
}

/**
 * A node as the engine sees it. Node authors write it with the function that `definer` gives,
 * which also types `run`.
 *
 * Meta of a param (`.meta({ … })`): `file: 'loras'` marks the name of a file in that folder: it is
 * checked, its fingerprint enters the key, and it is no socket. `socket: false` keeps any other
 * number, integer, text or boolean from being a socket. `live: false` says that the node does not
 * look at it again while it runs. Other entries are for the editor.
 */
export interface NodeDefinition {
  readonly type: string
  /** Raise it when the same params and inputs give another result. */
  readonly version: number
  readonly title: string
  readonly category: string
  readonly description: string
  readonly inputs: SocketSpecs
  readonly params: z.ZodObject
  readonly outputs: SocketSpecs
  readonly repeat: RepeatSpec | undefined
  readonly purity: Purity
  /** Cheap enough to run again while a dependant is running. */
  readonly live: boolean
  /** Wanted when the file names no outputs; impure nodes are anyway. */
  readonly sink: boolean
  /** From version n to n + 1 of this node: gets an entry of version n. */
  readonly migrate: Readonly<Record<number, (entry: NodeEntry) => NodeEntry>>
  infer?(params: RunParams, lookup: Lookup): Promise<Readonly<Record<string, string | undefined>>>
  inspect?(params: RunParams, lookup: Lookup): Promise<readonly string[]>
  stillValid?(outputs: RunInputs, services: unknown): Promise<boolean> | boolean
  run(inputs: RunInputs, params: RunParams, context: NodeContext): Promise<RunInputs> | RunInputs
}

type Parsed<P> = P extends z.ZodType ? z.output<P> : Record<never, never>
type ItemParams<R> = R extends { readonly params: infer P } ? Parsed<P> : Record<never, never>
type ItemInputs<V, R> = R extends { readonly inputs: infer I } ? Inputs<V, I> : Record<never, never>
type WithItems<R, Item> = R extends RepeatSpec
  ? { readonly items: readonly Item[] }
  : Record<never, never>

/** What a node author writes. `V` maps socket names to value types, `S` is the services. */
export interface NodeSource<
  V,
  S,
  I extends SocketSpecs,
  P extends z.ZodObject,
  O extends SocketSpecs,
  R extends RepeatSpec | undefined,
> {
  readonly type: string
  readonly version?: number
  readonly title: string
  readonly category?: string
  readonly description?: string
  readonly inputs?: I
  readonly params?: P
  readonly outputs: O
  readonly repeat?: R
  readonly purity?: Purity
  readonly live?: boolean
  readonly sink?: boolean
  readonly migrate?: Readonly<Record<number, (entry: NodeEntry) => NodeEntry>>
  /**
   * Binds type variables from the headers of files; undefined leaves one open.
   * A param fed by a link is absent.
   */
  readonly infer?: (
    params: z.output<P> & WithItems<R, ItemParams<R>>,
    lookup: Lookup,
  ) => Promise<Readonly<Record<string, string | undefined>>>
  /** Further problems of the params, one sentence each. A param fed by a link is absent. */
  readonly inspect?: (
    params: z.output<P> & WithItems<R, ItemParams<R>>,
    lookup: Lookup,
  ) => Promise<readonly string[]>
  /** For a cached result that lives elsewhere, such as a saved picture: is it still there? */
  readonly stillValid?: (outputs: Outputs<V, O>, services: S) => Promise<boolean> | boolean
  readonly run: (
    inputs: Inputs<V, I> & WithItems<R, ItemInputs<V, R> & ItemParams<R>>,
    params: z.output<P>,
    context: NodeContext<
      S,
      Inputs<V, I> & WithItems<R, ItemInputs<V, R> & ItemParams<R>>,
      z.output<P>
    >,
  ) => Promise<Outputs<V, O>> | Outputs<V, O>
}

/** The type of `defineNode`, for a table of socket values `V` and services `S`. */
export type DefineNode<V, S> = <
  const I extends SocketSpecs = Record<never, never>,
  P extends z.ZodObject = z.ZodObject<Record<never, never>>,
  const O extends SocketSpecs = Record<never, never>,
  const R extends RepeatSpec | undefined = undefined,
>(
  source: NodeSource<V, S, I, P, O, R>,
) => NodeDefinition

/**
 * Gives the `defineNode` of a house: `V` says which value travels on which socket, `S` what
 * `context.services` is. The result fills in what a definition leaves out.
 */
export function definer<V, S = unknown>(): DefineNode<V, S> {
  return (source) =>
    ({
      version: 1,
      category: '',
      description: '',
      inputs: {},
      params: z.object({}),
      repeat: undefined,
      purity: 'pure',
      live: false,
      sink: false,
      migrate: {},
      ...source,
    }) as unknown as NodeDefinition
}

/** `defineNode` for nodes that need only numbers, integers, text and booleans. */
export const definePlainNode: DefineNode<
  { number: number; integer: number; text: string; boolean: boolean },
  unknown
> = definer()
