import type { Json, ParamInfo } from '../state/types.ts'
import { limitsOf } from './limits.ts'

/** Which widget a param gets, from its schema alone. The first rule that fits counts. */

/** The widgets. */
export type WidgetKind =
  | 'number'
  | 'slider'
  | 'seed'
  | 'choice'
  | 'search'
  | 'switch'
  | 'text'
  | 'prompt'
  | 'file'
  | 'weights'
  | 'colour'
  | 'curve'
  | 'json'

interface Rule {
  readonly kind: WidgetKind
  readonly fits: (schema: ParamInfo['schema'], info: ParamInfo) => boolean
}

/** The height of one row on the canvas in pixels. */
export const rowHeight = 26

/** More entries than this get a field to search in. */
const manyChoices = 12

const asked: ReadonlySet<unknown> = new Set<WidgetKind>([
  ...(['slider', 'weights', 'colour', 'curve', 'json', 'text', 'number', 'seed'] as const),
])

const rules: readonly Rule[] = [
  { kind: 'seed', fits: ({ seed }) => seed === true },
  { kind: 'file', fits: ({ type }, { file }) => file !== undefined && type === 'string' },
  { kind: 'switch', fits: ({ type }) => type === 'boolean' },
  { kind: 'search', fits: (schema) => choicesOf(schema).length > manyChoices },
  { kind: 'choice', fits: (schema) => choicesOf(schema).length > 0 },
  { kind: 'slider', fits: (schema) => isNumber(schema) && hasSmallRange(schema) },
  { kind: 'number', fits: isNumber },
  { kind: 'prompt', fits: ({ type, multiline }) => type === 'string' && multiline === true },
  { kind: 'colour', fits: ({ type, format }) => type === 'string' && format === 'color' },
  { kind: 'text', fits: ({ type }) => type === 'string' },
  {
    kind: 'weights',
    fits: ({ type, items }) => type === 'array' && isNumber((items ?? {}) as ParamInfo['schema']),
  },
  { kind: 'json', fits: () => true },
]

/** The widget of a param; `widget` in the schema's meta asks for one by name. */
export function widgetKind(info: ParamInfo): WidgetKind {
  const { widget } = info.schema
  if (asked.has(widget)) return widget as WidgetKind
  return rules.find(({ fits }) => fits(info.schema, info))!.kind
}

/** The entries to choose from; none where the param is not a choice. */
export function choicesOf(schema: ParamInfo['schema']): readonly (string | number)[] {
  const found = schema.enum
  if (!Array.isArray(found)) return []
  return found.filter((entry) => typeof entry === 'string' || typeof entry === 'number')
}

const heights: Readonly<Record<WidgetKind, (info: ParamInfo, value: Json | undefined) => number>> =
  {
    number: () => rowHeight,
    slider: () => rowHeight,
    seed: () => rowHeight * 2,
    choice: () => rowHeight,
    search: () => rowHeight,
    switch: () => rowHeight,
    text: () => rowHeight,
    prompt: () => 124,
    file: (info, value) => (info.file === 'input' && value ? rowHeight + 104 : rowHeight),
    weights: (_, value) => (Array.isArray(value) ? rowHeight + 72 : rowHeight),
    colour: () => rowHeight,
    curve: () => rowHeight + 96,
    json: (_, value) => (isPlain(value) ? rowHeight : 98),
  }

/** Height of a param's widget on the canvas in pixels: 26 for one line, always even. */
export function widgetHeight(info: ParamInfo, value: Json | undefined): number {
  return heights[widgetKind(info)](info, value ?? defaultOf(info))
}

/** The value where the workflow gives none. */
export function defaultOf(info: ParamInfo): Json | undefined {
  return info.schema.default as Json | undefined
}

function isNumber({ type }: ParamInfo['schema']): boolean {
  return type === 'number' || type === 'integer'
}

function hasSmallRange(schema: ParamInfo['schema']): boolean {
  const { min, max, integer } = limitsOf(schema)
  return min !== undefined && max !== undefined && max - min <= (integer ? 20 : 2)
}

/** Lists and objects that are empty or short are one line. */
function isPlain(value: Json | undefined): boolean {
  return value === undefined || JSON.stringify(value).length <= 24
}
