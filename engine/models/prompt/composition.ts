import { pythonFloat, splitAtWord } from './python-text.ts'
import type { WeightedText } from './weighted-text.ts'

const trailingWeight = /:\s*([-+]?(?:\p{Nd}*\.\p{Nd}+|\p{Nd}+\.?))$/u

/**
 * Cuts a prompt at each `AND` (upper case, a word of its own) into parts with weights, written
 * `text :0.8`, 1 where none is. The result of sampling is meant to be
 * `uncond + sum of weight * (cond - uncond) * guidance`.
 * Source: Liu et al. 2022, composable diffusion (arXiv 2206.01714); syntax of AUTOMATIC1111.
 */
export function parseComposition(text: string): WeightedText[] {
  return splitAtWord(text, 'AND').map((part) => {
    const trimmed = part.trimEnd()
    const match = trailingWeight.exec(trimmed)
    const weight = match?.[1] === undefined ? undefined : pythonFloat(match[1])
    if (!match || weight === undefined) return { text: trimmed, weight: 1 }
    return { text: trimmed.slice(0, match.index).trimEnd(), weight }
  })
}
