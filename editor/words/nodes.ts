import type { NodeInfo } from '../../engine/protocol/catalogue.ts'
import { settings } from '../state/settings.ts'
import { jaCategories, jaTitles } from './nodes-ja.ts'
import { jaParams } from './params-ja.ts'
import type { Language } from './words.ts'

/** Titles of nodes and labels of their params and sockets. English comes from the catalogue. */

/** The title of a node type in a language; the English one where there is no other. */
export function titleOf(
  type: string,
  english = type,
  language: Language = settings.getState().language,
): string {
  return (language === 'ja' && entry(jaTitles, type)) || english
}

/** All titles that a type has, for the search. */
export function nodeNames(type: string, english: string): string[] {
  return [english, entry(jaTitles, type) ?? english]
}

/** The name of a category. */
export function categoryOf(
  category: string,
  language: Language = settings.getState().language,
): string {
  return (language === 'ja' && entry(jaCategories, category)) || category
}

/** The label of a param, an input or an output: `textRatio2` becomes `Text ratio 2`. */
export function labelOf(name: string, language: Language = settings.getState().language): string {
  const own = language === 'ja' ? entry(jaParams, name) : undefined
  if (own) return own
  const [, base = name, item = ''] = /^(.*?\D)(\d*)$/.exec(name) ?? []
  const known = language === 'ja' ? entry(jaParams, base) : undefined
  const label = known ?? english(base)
  return item ? `${label} ${item}` : label
}

/** Every name that a type shows: of its params, inputs and outputs, repeated ones too. */
export function namesShown({ inputs, params, outputs, repeat }: NodeInfo): string[] {
  const lists = [inputs, params, outputs, repeat?.inputs ?? [], repeat?.params ?? []]
  return [...new Set(lists.flatMap((list) => list.map(({ name }) => name)))]
}

const short: Readonly<Record<string, string>> = { vae: 'VAE', lora: 'LoRA', ema: 'EMA', snr: 'SNR' }

function english(name: string): string {
  const words = name.replace(/(\p{Ll}|\d)(\p{Lu})/gu, '$1 $2').split(' ')
  const text = words.map((word) => short[word.toLowerCase()] ?? word.toLowerCase()).join(' ')
  return text.charAt(0).toUpperCase() + text.slice(1)
}

function entry(table: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined
}
