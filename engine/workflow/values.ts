import type { SocketSpecs } from './define.ts'

/** Values by socket name, as the engine passes them on without looking inside. */
export type RunInputs = Readonly<Record<string, unknown>>

/** Params by name, parsed. */
export type RunParams = Readonly<Record<string, unknown>>

type Named<V, N extends string> = N extends keyof V ? V[N] : unknown

/** The value on a socket of type `T`, where `V` maps socket names to value types. */
export type ValueOf<V, T extends string> = T extends `list<${infer Item}>`
  ? readonly ValueOf<V, Item>[]
  : T extends `${infer Name}<${string}>`
    ? Named<V, Name>
    : Named<V, T>

type TypeName<S> = S extends string
  ? S
  : S extends { readonly type: infer T extends string }
    ? T
    : never

/** Values of input sockets; those marked optional may be undefined. */
export type Inputs<V, I> = {
  readonly [K in keyof I]:
    | ValueOf<V, TypeName<I[K]>>
    | (I[K] extends { readonly optional: true } ? undefined : never)
}

/** Values of output sockets; those that need an optional input may be undefined. */
export type Outputs<V, O> = O extends SocketSpecs
  ? {
      readonly [K in keyof O]:
        | ValueOf<V, TypeName<O[K]>>
        | (O[K] extends { readonly needs: string } ? undefined : never)
    }
  : never
