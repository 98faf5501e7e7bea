/** A value as JSON has it. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject

/** An object as JSON has it. */
export interface JsonObject {
  readonly [key: string]: Json
}
