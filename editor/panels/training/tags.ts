/** Captions as comma-separated parts, and changes of many at once. */

/** The parts of a caption without white space around them. */
export function partsOf(caption: string): readonly string[] {
  return caption
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

/** How many captions have a part, most frequent first, then by the alphabet. */
export function countTags(captions: Iterable<string>): readonly { tag: string; count: number }[] {
  const counts = new Map<string, number>()
  for (const caption of captions) {
    for (const part of new Set(partsOf(caption))) counts.set(part, (counts.get(part) ?? 0) + 1)
  }
  return [...counts]
    .map(([tag, count]) => ({ tag, count }))
    .sort((a, b) => b.count - a.count || a.tag.localeCompare(b.tag))
}

/** The caption with a part at its beginning or end; as it is where it has the part. */
export function withTag(caption: string, tag: string, place: 'first' | 'last' = 'last'): string {
  const parts = partsOf(caption)
  if (parts.includes(tag.trim()) || tag.trim() === '') return caption
  const all = place === 'first' ? [tag.trim(), ...parts] : [...parts, tag.trim()]
  return all.join(', ')
}

/** The caption without a part; as it is where it has not. */
export function withoutTag(caption: string, tag: string): string {
  const parts = partsOf(caption)
  if (!parts.includes(tag.trim())) return caption
  return parts.filter((part) => part !== tag.trim()).join(', ')
}
