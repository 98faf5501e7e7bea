import type { Asset } from '../../../engine/protocol/library.ts'

/** Files in which every word occurs: name, title, tags, trigger words. Best places first. */
export function matching(assets: readonly Asset[], text: string): Asset[] {
  const words = plain(text).split(/\s+/).filter(Boolean)
  if (words.length === 0) return [...assets]
  return assets
    .map((asset) => ({ asset, score: scoreOf(asset, words) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score)
    .map(({ asset }) => asset)
}

function scoreOf(asset: Asset, words: readonly string[]): number {
  const name = plain(asset.name)
  const title = plain(asset.title ?? '')
  const rest = plain([...asset.tags, ...asset.triggers, asset.family ?? ''].join(' '))
  let sum = 0
  for (const word of words) {
    const score = placeScore(name, word) * 2 + placeScore(title, word) * 2 + placeScore(rest, word)
    if (score === 0) return 0
    sum += score
  }
  return sum
}

/** 3 at the beginning, 2 at the beginning of a word, 1 inside. */
function placeScore(text: string, word: string): number {
  const at = text.indexOf(word)
  if (at < 0) return 0
  if (at === 0) return 3
  return /[\p{L}\p{N}]/u.test(text[at - 1]!) ? 1 : 2
}

function plain(text: string): string {
  return text.normalize('NFKC').toLowerCase()
}
