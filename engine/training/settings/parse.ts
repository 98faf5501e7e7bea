import { z } from 'zod'
import { didYouMean } from '../../closest.ts'
import { expected, found } from '../../expected.ts'

type Json = Readonly<Record<string, unknown>>

/** Settings that hold, or every sentence against them with the setting it is about. */
export type ParsedSettings<Settings> =
  | { readonly settings: Settings; readonly faults?: undefined }
  | { readonly faults: readonly SettingFault[]; readonly settings?: undefined }

/** A setting that is wrong. */
export interface SettingFault {
  /** The outermost name. */
  readonly setting: string
  /** `networkDim is 0, expected 1 to 4096`. */
  readonly message: string
}

/** Checks settings against a schema. All that is wrong is told at once, in the words of mazeru. */
export function parseSettings<Schema extends z.ZodObject>(
  schema: Schema,
  given: unknown,
): ParsedSettings<z.output<Schema>> {
  const result = schema.safeParse(given)
  if (result.success) return { settings: result.data }
  const json = jsonSchemaOf(schema)
  const faults = result.error.issues.flatMap((issue) => faultsOf(issue, given, json))
  return { faults }
}

/** The JSON Schema of what a person may give. */
export function jsonSchemaOf(schema: z.ZodType): Json {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Json
}

/** The part of a JSON Schema at a path; empty where it has none. */
export function schemaAt(json: Json, path: readonly PropertyKey[]): Json {
  return path.reduce<Json>((schema, part) => {
    const properties = schema.properties as Readonly<Record<PropertyKey, Json>> | undefined
    const inner = typeof part === 'number' ? (schema.items as Json) : properties?.[part]
    return inner ?? {}
  }, json)
}

function faultsOf(issue: z.core.$ZodIssue, given: unknown, json: Json): SettingFault[] {
  const place = issue.path.join('.')
  if (issue.code === 'unrecognized_keys') {
    const known = Object.keys((schemaAt(json, issue.path).properties ?? {}) as object)
    return issue.keys.map((key) => ({
      setting: String(issue.path[0] ?? key),
      message: `${[...issue.path, key].join('.')}: no such setting${didYouMean(key, known)}`,
    }))
  }
  const value = issue.path.reduce<unknown>(
    (outer, part) => (outer as Readonly<Record<PropertyKey, unknown>> | undefined)?.[part],
    given,
  )
  const wanted = schemaAt(json, issue.path)
  const choice = `expected ${expectedOf(wanted, value)}${meant(wanted, value)}`
  // A rule of ours says itself what it expects, and some name the setting too.
  const says = issue.code === 'custom' ? issue.message : choice
  const setting = String(issue.path[0] ?? '')
  const isWhole = issue.code === 'custom' && !says.startsWith('expected')
  return [{ setting, message: isWhole ? says : `${place} is ${found(value)}, ${says}` }]
}

/** Words for what is wanted; a choice between forms is told form by form. */
function expectedOf(wanted: Json, value: unknown): string {
  const forms = wanted.anyOf as readonly Json[] | undefined
  if (!forms) return expected(wanted, value)
  return [...new Set(forms.map((form) => expected(form, value)))].join(' or ')
}

function meant(wanted: Json, value: unknown): string {
  const choices = Array.isArray(wanted.enum) && typeof value === 'string' ? wanted.enum : []
  return didYouMean(String(value), choices.map(String))
}
