import { itemsOf } from '../../state/shapes.ts'
import type { NodeEntry, NodeInfo, Workflow } from '../../state/types.ts'

/** One LoRA of a mixer as its row shows it. */
export interface MixerItem {
  /** From 1. */
  readonly item: number
  /** File below the LoRA folder; empty where none is known. */
  readonly file: string
  readonly on: boolean
  readonly ratio: number
  /** Undefined: the text encoder follows the ratio. */
  readonly textRatio: number | undefined
  readonly blocks: readonly number[] | undefined
  /** Params that a link feeds: their controls are off. */
  readonly linked: ReadonlySet<string>
}

/** Is this a node whose items are LoRAs with ratios? */
export function isMixer({ repeat }: NodeInfo): boolean {
  return repeat?.params.some(({ name }) => name === 'ratio') === true && isOfLoras(repeat)
}

/** Does the node name its files itself, so that rows can be added, switched and removed? */
export function hasFiles({ repeat }: NodeInfo): boolean {
  return repeat?.params.some(({ name, file }) => name === 'file' && file === 'loras') === true
}

/** The rows of a node. `workflow` tells the files of LoRAs that come by a link. */
export function mixerItems(entry: NodeEntry, info: NodeInfo, workflow?: Workflow): MixerItem[] {
  return Array.from({ length: itemsOf(entry, info) }, (_, index) => {
    const item = index + 1
    const param = (name: string) => entry.params?.[`${name}${item}`]
    const number = (name: string) => {
      const value = param(name)
      return typeof value === 'number' ? value : undefined
    }
    const names = Object.keys(entry.inputs ?? {})
    const blocks = param('blocks')
    return {
      item,
      file: String(param('file') ?? linkedFile(entry, item, workflow)),
      on: param('on') !== false,
      ratio: number('ratio') ?? 1,
      textRatio: number('textRatio'),
      blocks: Array.isArray(blocks) ? (blocks as number[]) : undefined,
      linked: new Set(names.filter((name) => name.endsWith(String(item)))),
    }
  })
}

export const itemHeight = 62
export const textLine = 28
export const padHeight = 150
export const footHeight = 34

/** Height of one row. */
export function heightOfItem({ textRatio }: MixerItem): number {
  return itemHeight + (textRatio === undefined ? 0 : textLine)
}

/** Height of all: rows, the pad where three are on, the button to add. */
export function mixerHeight(entry: NodeEntry, info: NodeInfo): number {
  const items = mixerItems(entry, info)
  const rows = items.reduce((sum, item) => sum + heightOfItem(item), 0)
  const pad = padItems(items).length === 3 ? padHeight : 0
  return rows + pad + (hasFiles(info) ? footHeight : 0)
}

/** The three that the pad is for: the first that are on and whose ratio no link feeds. */
export function padItems(items: readonly MixerItem[]): readonly MixerItem[] {
  return items.filter(({ on, linked, item }) => on && !linked.has(`ratio${item}`)).slice(0, 3)
}

/** Names of the params that the rows draw. */
export function mixerParams(entry: NodeEntry, info: NodeInfo): ReadonlySet<string> {
  const names = mixerItems(entry, info).flatMap(({ item, blocks }) => [
    ...['file', 'on', 'ratio', 'textRatio'].map((base) => `${base}${item}`),
    ...(blocks ? [] : [`blocks${item}`]),
  ])
  return new Set(names)
}

/** A name without its folder and ending. */
export function shortName(file: string): string {
  return file.replace(/^.*\//, '').replace(/\.\w+$/, '')
}

/** Where a row that was dragged by `way` pixels comes to stand, from 1. */
export function placeAfterDrag(heights: readonly number[], from: number, way: number): number {
  let place = from
  let rest = Math.abs(way)
  const direction = Math.sign(way)
  for (;;) {
    const next = heights[place - 1 + direction]
    if (next === undefined || rest < next / 2) return place
    rest -= next
    place += direction
  }
}

/** Which are on after solo of one: it alone, or `before` where it is alone already. */
export function soloed(
  items: readonly Pick<MixerItem, 'item' | 'on'>[],
  item: number,
  before: readonly number[] | undefined,
): readonly number[] {
  const on = items.filter((entry) => entry.on).map((entry) => entry.item)
  if (on.length === 1 && on[0] === item) return before ?? items.map((entry) => entry.item)
  return [item]
}

function isOfLoras(repeat: NonNullable<NodeInfo['repeat']>): boolean {
  const linked = repeat.inputs.some(({ type }) => type.startsWith('lora'))
  return linked || repeat.params.some(({ file }) => file === 'loras')
}

function linkedFile(entry: NodeEntry, item: number, workflow: Workflow | undefined): string {
  const [source] = (entry.inputs?.[`lora${item}`] ?? '').split('.')
  return String(workflow?.nodes[source!]?.params?.file ?? source ?? '')
}
