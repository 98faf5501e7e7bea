import { mixSeed } from '../sampling/mix-seed.ts'
import { TorchRandom } from '../sampling/torch-random.ts'
import type { DatasetItem, SubsetSettings } from './settings.ts'

/**
 * From the captions of a picture to the one text that a step is trained with, in the order of
 * kohya's sd-scripts: prefix and suffix, whole caption dropped, one line and wildcards, tags held,
 * warmed up, shuffled, dropped and joined, secondary separator, replacements.
 */

/** When and where a caption is used. */
export interface CaptionMoment {
  readonly seed: number
  /** Optimizer steps already done. */
  readonly step: number
  /** Counted from 1. */
  readonly epoch: number
  /** Of the picture among those of the step. */
  readonly index: number
  /** Needed where `tokenWarmupStep` is a share below 1. */
  readonly maxTrainSteps?: number
}

/** True where every step gives a picture the same text, so that its encoding may be kept. */
export function isFixedCaption(settings: SubsetSettings, captions: readonly string[]): boolean {
  const { replacements } = settings
  return (
    !isTagwise(settings) &&
    settings.captionDropoutRate === 0 &&
    settings.captionDropoutEveryNEpochs === 0 &&
    !(settings.enableWildcard && (captions.length > 1 || captions.some((c) => c.includes('{')))) &&
    !Array.isArray(replacements[''])
  )
}

/** The text for one picture at one step. The same arguments give the same text. */
export function captionFor(
  { captions, subset }: Pick<DatasetItem, 'captions' | 'subset'>,
  moment: CaptionMoment,
): string {
  const { seed, epoch, step, index } = moment
  const random = new TorchRandom(mixSeed(seed, 'caption', epoch, step, index))
  const draw: Draw = {
    chance: (rate) => random.uniform(1)[0]! < rate,
    pick: (list) => list[random.integers(1, list.length)[0]!]!,
    shuffled: (list) => random.permutation(list.length).map((at) => list[at]!),
  }
  const whole = affixed(captions.join('\n'), subset)
  if (isDropped(subset, epoch, draw)) return ''
  const line = subset.enableWildcard ? wildcards(whole, draw) : firstLine(whole)
  const tagged = isTagwise(subset) ? tagwise(line, subset, moment, draw) : line
  return replaced(separated(tagged, subset), subset, draw)
}

interface Draw {
  /** True with this probability. */
  chance(rate: number): boolean
  pick<T>(list: readonly T[]): T
  shuffled<T>(list: readonly T[]): T[]
}

function affixed(caption: string, { captionPrefix, captionSuffix }: SubsetSettings): string {
  const before = captionPrefix ? `${captionPrefix} ${caption}` : caption
  return captionSuffix ? `${before} ${captionSuffix}` : before
}

function isDropped(settings: SubsetSettings, epoch: number, draw: Draw): boolean {
  const { captionDropoutRate: rate, captionDropoutEveryNEpochs: every } = settings
  return (rate > 0 && draw.chance(rate)) || (every > 0 && epoch % every === 0)
}

function firstLine(caption: string): string {
  return caption.split('\n', 1)[0]!
}

/** One of several lines, then one of `{a|b}` each time; `{{` and `}}` are braces. */
function wildcards(caption: string, draw: Draw): string {
  const lines = caption.split('\n')
  const line = lines.length > 1 ? draw.pick(lines) : caption
  return line
    .replaceAll('{{', held.open)
    .replaceAll('}}', held.close)
    .replace(/\{([^}]+)\}/g, (_, choices: string) => draw.pick(choices.split('|')))
    .replaceAll(held.open, '{')
    .replaceAll(held.close, '}')
}

/** Stand for written braces meanwhile: places of Unicode that no text uses. */
const held = { open: '\u{fdd0}', close: '\u{fdd1}' } as const

function isTagwise(settings: SubsetSettings): boolean {
  const { shuffleCaption, tokenWarmupStep, captionTagDropoutRate } = settings
  return shuffleCaption || tokenWarmupStep > 0 || captionTagDropoutRate > 0
}

function tagwise(
  caption: string,
  settings: SubsetSettings,
  moment: CaptionMoment,
  draw: Draw,
): string {
  const { head, free, tail } = heldTags(caption, settings)
  const warm = free.slice(0, warmCount(free.length, settings, moment))
  const ordered = settings.shuffleCaption ? draw.shuffled(warm) : warm
  const rate = settings.captionTagDropoutRate
  const left = rate > 0 ? ordered.filter(() => !draw.chance(rate)) : ordered
  return [...head, ...left, ...tail].join(', ')
}

/** The tags that stay at the front, those that move, and those that stay at the end. */
function heldTags(caption: string, settings: SubsetSettings) {
  const { captionSeparator: comma, keepTokensSeparator: bar, keepTokens } = settings
  const split = (text: string) => text.split(comma).map((tag) => tag.trim())
  const parts = bar ? caption.split(bar) : []
  if (bar && parts.length > 1) {
    const [head = '', free = '', ...tail] = parts
    const [first, second, third] = [head, free, tail.join(bar)].map((text) =>
      split(text).filter((tag) => tag !== ''),
    ) as [string[], string[], string[]]
    return { head: first, free: second, tail: third }
  }
  const tags = split(caption)
  return { head: tags.slice(0, keepTokens), free: tags.slice(keepTokens), tail: [] }
}

function warmCount(count: number, settings: SubsetSettings, moment: CaptionMoment): number {
  const { tokenWarmupMin: least, tokenWarmupStep: wanted } = settings
  const steps = wanted < 1 ? Math.floor(wanted * (moment.maxTrainSteps ?? 0)) : wanted
  if (steps <= 0 || moment.step >= steps) return count
  const warm = Math.floor(moment.step * ((count - least) / steps)) + least
  return Math.max(0, Math.min(count, warm))
}

function separated(caption: string, settings: SubsetSettings): string {
  const { secondarySeparator, captionSeparator } = settings
  return secondarySeparator ? caption.replaceAll(secondarySeparator, captionSeparator) : caption
}

function replaced(caption: string, { replacements }: SubsetSettings, draw: Draw): string {
  let result = caption
  for (const [from, to] of Object.entries(replacements)) {
    const text = typeof to === 'string' ? to : draw.pick(to)
    result = from === '' ? text : result.replaceAll(from, () => text)
  }
  return result
}
