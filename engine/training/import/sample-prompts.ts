import { isJsonObject } from '../../formats/strict-json.ts'
import type { SamplePrompt } from '../settings/sampling.ts'
import { type ConfigFile, readConfig, type Table } from './read.ts'

/** Prompt files of sd-scripts: a line for each picture, or TOML or JSON with the same keys. */

type Written = Partial<Record<keyof SamplePrompt, unknown>>

/** Prompts, and a sentence for each flag that was left out. */
export interface SamplePrompts {
  readonly prompts: readonly Written[]
  readonly left: readonly string[]
}

/** Reads the file; the ending of its name says its form. Throws a FormatError. */
export function readSamplePrompts(file: ConfigFile): SamplePrompts {
  const ending = /\.(\w+)$/.exec(file.name)?.[1]?.toLowerCase()
  if (ending === 'toml') return promptsOf(readConfig(file, 'toml'))
  if (ending !== 'json') return linesOf(file.text)
  const list: unknown = file.text.trimStart().startsWith('[')
    ? readConfig({ ...file, text: `{"prompt":{"subset":${file.text}}}` }, 'json').prompt
    : readConfig(file, 'json')
  return promptsOf({ prompt: list })
}

/** The samplers of sd-scripts by mazeru's names; undefined for one that nobody knows. */
export function sampleSampler(name: string): string | undefined {
  return samplers[name.replace(/^k_/, '')]
}

const samplers: Readonly<Record<string, string>> = {
  ddim: 'ddim',
  ddpm: 'ddpm',
  pndm: 'ipndm',
  lms: 'lms',
  euler: 'euler',
  euler_a: 'euler_ancestral',
  heun: 'heun',
  dpm_2: 'dpm_2',
  dpm_2_a: 'dpm_2_ancestral',
  dpmsolver: 'dpmpp_2m',
  'dpmsolver++': 'dpmpp_2m',
  dpmsingle: 'dpmpp_2s_ancestral',
}

type Flag = readonly [name: keyof SamplePrompt, convert: (text: string) => unknown]

const flags: Readonly<Record<string, Flag>> = {
  n: ['negative', (text) => text],
  d: ['seed', Number],
  s: ['steps', Number],
  l: ['guidance', Number],
  w: ['width', side],
  h: ['height', side],
  ss: ['sampler', (text) => sampleSampler(text) ?? text],
}

/** Keys of TOML and JSON files. */
const keys: Readonly<Record<string, Flag>> = {
  prompt: ['prompt', (text) => text],
  negative_prompt: flags.n!,
  seed: flags.d!,
  sample_steps: flags.s!,
  scale: flags.l!,
  width: flags.w!,
  height: flags.h!,
  sample_sampler: flags.ss!,
}

function linesOf(text: string): SamplePrompts {
  const lines = text.split(/\r?\n/).map((line) => line.trim())
  const left: string[] = []
  const prompts = lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [prompt = '', ...words] = line.split(/\s+--(?=\w)/)
      const written: Written = { prompt }
      for (const word of words) {
        const [, name = '', value = ''] = /^(\w+)\s*(.*)$/.exec(word) ?? []
        const flag = Object.hasOwn(flags, name) ? flags[name] : undefined
        if (flag) written[flag[0]] = flag[1](value)
        else left.push(`--${name}`)
      }
      return written
    })
  return { prompts, left }
}

function promptsOf(table: Table): SamplePrompts {
  const outer = isJsonObject(table.prompt) ? table.prompt : table
  const list = Array.isArray(outer.subset) ? outer.subset : [outer]
  const shared = Object.entries(outer).filter(([key]) => key !== 'subset')
  const left: string[] = []
  const prompts = list.map((own: unknown) => {
    const written: Written = {}
    const entries = [...shared, ...Object.entries(isJsonObject(own) ? own : { prompt: own })]
    for (const [key, value] of entries) {
      const flag = Object.hasOwn(keys, key) ? keys[key] : undefined
      if (flag) written[flag[0]] = flag[1](String(value))
      else left.push(key)
    }
    return written
  })
  return { prompts, left }
}

/** sd-scripts rounds sides down to multiples of 8. */
function side(text: string): number {
  return Math.max(64, Math.floor(Number(text) / 8) * 8)
}
