/**
 * What captions name: tags where they are lists of tags, else words. Tags that end in the same word
 * ("front view", "side view") are values of one attribute.
 */

/** A caption with the times that its picture is seen in an epoch. */
export interface WeightedCaption {
  readonly caption: string
  readonly repeats: number
  readonly separator: string
}

/** How often something is named. */
export interface TagCount {
  readonly tag: string
  /** Pictures, as indices. */
  readonly pictures: readonly number[]
  /** Share of all that is seen in an epoch, 0 to 1. */
  readonly share: number
}

/** One thing of which every picture shows one value: `view` of "front view", "side view". */
export interface Attribute {
  readonly name: string
  readonly values: readonly TagCount[]
}

/** Tags of a caption that is a list, without repetition. */
export function tagsOf(caption: string, separator: string): string[] {
  const tags = caption.split(separator).map((tag) => tag.trim().replaceAll(/\s+/g, ' '))
  return [...new Set(tags.map((tag) => tag.toLowerCase()).filter(Boolean))]
}

/** Words of a caption that is a sentence, without the commonest and without repetition. */
export function wordsOf(caption: string): string[] {
  const words = caption.toLowerCase().match(/[\p{L}\p{N}][\p{L}\p{N}'-]*/gu) ?? []
  return [...new Set(words.filter((word) => !commonWords.has(word)))]
}

/** Whether captions are lists of tags: three parts or more, of few words each. */
export function areTags(captions: readonly WeightedCaption[]): boolean {
  const filled = captions.filter(({ caption }) => caption.trim() !== '')
  const isList = ({ caption, separator }: WeightedCaption) => {
    const tags = tagsOf(caption, separator)
    const words = tags.reduce((sum, tag) => sum + tag.split(' ').length, 0)
    return tags.length >= 3 && words <= 3 * tags.length
  }
  return filled.filter(isList).length * 2 > filled.length
}

/** Everything that is named, the most frequent first. */
export function countTags(captions: readonly WeightedCaption[]): TagCount[] {
  const listed = areTags(captions)
  const pictures = new Map<string, number[]>()
  for (const [index, { caption, separator }] of captions.entries()) {
    for (const tag of listed ? tagsOf(caption, separator) : wordsOf(caption)) {
      pictures.set(tag, [...(pictures.get(tag) ?? []), index])
    }
  }
  const counts = [...pictures].map(([tag, found]) => ({
    tag,
    pictures: found,
    share: shareOf(found, captions),
  }))
  return counts.sort((a, b) => b.share - a.share || (a.tag < b.tag ? -1 : 1))
}

/** Share of an epoch that shows these pictures. */
export function shareOf(
  pictures: readonly number[],
  weights: readonly { readonly repeats: number }[],
): number {
  const total = weights.reduce((sum, { repeats }) => sum + repeats, 0)
  return pictures.reduce((sum, index) => sum + weights[index]!.repeats, 0) / Math.max(1, total)
}

/** The fewest pictures, and the least share of all, that an attribute is seen in. */
const fewestPictures = 6
const leastCover = 0.4
/** Share of an attribute's pictures that show just one of its values. */
const leastExclusive = 0.8

/** The attributes of a set whose captions are lists of tags. */
export function attributesOf(tags: readonly TagCount[], pictures: number): Attribute[] {
  const named = tags.filter(({ tag }) => tag.includes(' '))
  const byNoun = Map.groupBy(named, ({ tag }) => tag.slice(tag.lastIndexOf(' ') + 1))
  return [...byNoun].flatMap(([name, values]) => {
    if (values.length < 2) return []
    const seen = Map.groupBy(
      values.flatMap((value) => value.pictures),
      (picture) => picture,
    )
    const exclusive = [...seen.values()].filter((list) => list.length === 1).length
    const fits =
      seen.size >= Math.max(fewestPictures, leastCover * pictures) &&
      exclusive >= leastExclusive * seen.size
    return fits ? [{ name, values }] : []
  })
}

const commonWords = new Set(
  (
    'a an the of in on at by to from with without and or but is are was were be been being it ' +
    'its this that these those there his her their he she they as for into over under near out ' +
    'up down off very some one two has have had while'
  ).split(' '),
)
