import { datasetKey } from './content-key.ts'
import { captionLines } from './metadata-jsonl.ts'
import type { Dataset, DatasetItem } from './settings.ts'

/** What may be done to captions, in this order. What is left out is not done. */
export interface CaptionEdit {
  /** Caption of pictures that have none. */
  readonly whereEmpty?: string
  /** Text or pattern to look for. */
  readonly find?: string | RegExp
  /** What stands in its place; `$1` is the first group of a pattern. */
  readonly replace?: string
  /** Tags to take out, small and capital letters alike. */
  readonly removeTags?: readonly string[]
  /** Tag -> the tag in its place; an empty one takes it out. */
  readonly renameTags?: Readonly<Record<string, string>>
  /** Tags that stand twice stand once. */
  readonly unique?: boolean
  /** First tag of every caption; where it stands already, it moves to the front. */
  readonly trigger?: string
  /** Put before and after, without a space of their own. */
  readonly prefix?: string
  readonly suffix?: string
  /** Pictures of the class too; they stay as they are otherwise. */
  readonly regularisation?: boolean
}

/** The dataset with other captions. Every line of a picture's captions is edited alike. */
export async function editCaptions(dataset: Dataset, edit: CaptionEdit): Promise<Dataset> {
  const items = dataset.items.map((item) => editItem(item, edit))
  const { settings } = dataset
  return { ...dataset, items, key: await datasetKey({ items, settings }) }
}

/** One caption edited; `separator` stands between its tags. */
export function editCaption(caption: string, edit: CaptionEdit, separator = ','): string {
  return steps.reduce((text, step) => step(text, edit, separator), caption).trim()
}

function editItem(item: DatasetItem, edit: CaptionEdit): DatasetItem {
  if (item.isRegularisation && !edit.regularisation) return item
  const given = item.captions.length > 0 ? item.captions : ['']
  const edited = given.map((text) => editCaption(text, edit, item.subset.captionSeparator))
  const captions = edited.flatMap(captionLines)
  return { ...item, captions, caption: captions[0] ?? '' }
}

type Step = (caption: string, edit: CaptionEdit, separator: string) => string

const steps: readonly Step[] = [
  (caption, { whereEmpty }) => (caption.trim() === '' ? (whereEmpty ?? caption) : caption),
  (caption, { find, replace = '' }) => {
    if (find === undefined || find === '') return caption
    return typeof find === 'string'
      ? caption.replaceAll(find, () => replace)
      : caption.replace(find, replace)
  },
  changeTags,
  (caption, { prefix = '', suffix = '' }) => prefix + caption + suffix,
]

function changeTags(caption: string, edit: CaptionEdit, separator: string): string {
  const { removeTags = [], renameTags = {}, unique = false, trigger } = edit
  const renames = Object.entries(renameTags)
  if (removeTags.length + renames.length === 0 && !unique && !trigger) return caption
  const renamed = new Map(renames.map(([from, to]) => [plain(from), to.trim()]))
  const removed = new Set([...removeTags, ...(trigger ? [trigger] : [])].map(plain))
  const kept = caption
    .split(separator)
    .map((tag) => renamed.get(plain(tag)) ?? tag.trim())
    .filter((tag) => tag !== '' && !removed.has(plain(tag)))
  const all = trigger ? [trigger.trim(), ...kept] : kept
  const names = all.map(plain)
  const once = unique ? all.filter((_, at) => names.indexOf(names[at]!) === at) : all
  return once.join(`${separator} `)
}

function plain(tag: string): string {
  return tag.trim().toLowerCase()
}
