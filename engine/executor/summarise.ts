import { relative, sep } from 'node:path'
import type { Dataset } from '../dataset/settings.ts'
import type { Lora } from '../lora/load.ts'
import type { Model, TextEncoder, Vae } from '../models/handles.ts'
import type { ValueSummary } from '../protocol/index.ts'
import type { Conditioning, LatentImage, NumericTensor } from '../sockets.ts'
import type { NewPart } from '../training/base/parts.ts'
import type { TrainingResult } from '../training/result.ts'
import { printSocketType, type SocketType } from '../workflow/index.ts'

type Told = Omit<ValueSummary, 'type'>

/** Where files must lie to be named. */
export interface SummaryOptions {
  /** Absolute output folder. */
  readonly output: string
}

/** Longest text that is shown whole. */
const maxText = 2000
/** Numbers of a tensor that are looked at, evenly spread over it. */
const maxNumbers = 262_144
const maxFiles = 100

/** What is told of a value, by the name of its socket type. */
const table: Readonly<Record<string, (value: never, options: SummaryOptions) => Told>> = {
  image: (value: NumericTensor) => tensor(value),
  mask: (value: NumericTensor) => tensor(value),
  latent: ({ samples, mask, empty }: LatentImage) => ({
    ...tensor(samples),
    ...((empty || mask) && {
      text: [empty && 'empty', mask && 'with a mask'].filter(Boolean).join(', '),
    }),
  }),
  conditioning: ({ context }: Conditioning) => ({
    ...tensor(context),
    text: `${counted((context.shape[1] ?? 0) / 77, 'chunk')} of 77 tokens`,
  }),
  sigmas: (value: Float32Array) => ({ shape: [value.length], ...rangeOf(value) }),
  number: (value: number) => ({ value }),
  integer: (value: number) => ({ value }),
  boolean: (value: boolean) => ({ value }),
  text: (value: string, options) => ({
    value: cut(belowOutput(value, options) ?? value),
    ...filesOf([value], options),
  }),
  list: (value: readonly unknown[], options) => {
    const texts = value.filter((item): item is string => typeof item === 'string')
    const shown = value.slice(0, 5).map((item) => {
      return typeof item === 'string' ? (belowOutput(item, options) ?? item) : String(item)
    })
    const isPlain = value.length > 0 && value.every((item) => typeof item !== 'object')
    const items = isPlain ? `: ${cut(shown.join(', '))}${value.length > 5 ? ', …' : ''}` : ''
    return { text: counted(value.length, 'item') + items, ...filesOf(texts, options) }
  },
  model: ({ name, family, loras }: Model) => ({ text: `${name}, ${family.title}${mixed(loras)}` }),
  'text-encoder': ({ network, family, loras }: TextEncoder) => ({
    text: `text encoder of ${network.weights.file}, ${family.title}${mixed(loras)}`,
  }),
  vae: ({ network, family }: Vae) => ({ text: `VAE of ${network.weights.file}, ${family.title}` }),
  lora: ({ name, modules, triggers }: Lora) => ({
    text: [
      name,
      ranksOf(modules),
      counted(modules.length, 'layer'),
      ...(triggers.length > 0 ? [`triggers: ${triggers.slice(0, 5).join(', ')}`] : []),
    ].join(', '),
  }),
  dataset: ({ items, settings }: Dataset) => ({
    text: `${counted(items.length, 'picture')}, trained at ${settings.resolution.join(' x ')}`,
  }),
  optimizer: (value: Readonly<Record<string, unknown>>) => ({ text: settingsOf(value) }),
  training: ({ name, status, step, steps, log, weights, samples }: TrainingResult, options) => {
    const loss = log.at(-1)?.average
    const told = [name, status, `step ${step} of ${steps}`]
    if (loss !== undefined) told.push(`loss ${loss.toPrecision(4)}`)
    return { text: told.join(', '), ...filesOf([...weights, ...samples], options) }
  },
  weights: ({ part, weights }: NewPart) => ({
    text: `${part}, ${counted(weights.size, 'tensor')}`,
  }),
}

/** What is shown of a value on a wire. Never throws: a value that is strange has only its type. */
export function summarise(type: SocketType, value: unknown, options: SummaryOptions): ValueSummary {
  const name = type.kind === 'named' ? type.name : ''
  const told = Object.hasOwn(table, name) ? table[name] : undefined
  const summary = { type: printSocketType(type) }
  try {
    return { ...summary, ...told?.(value as never, options) }
  } catch {
    return summary
  }
}

/** Names below the output folder of the files that a value names by absolute path. */
function filesOf(paths: readonly string[], options: SummaryOptions): Pick<Told, 'files'> {
  const files = paths.flatMap((path) => belowOutput(path, options) ?? [])
  return files.length > 0 ? { files: files.slice(0, maxFiles) } : {}
}

function belowOutput(path: string, { output }: SummaryOptions): string | undefined {
  if (!path.startsWith(output + sep)) return undefined
  return relative(output, path).split(sep).join('/')
}

function tensor({ data, shape }: NumericTensor): Told {
  return { shape: [...shape], ...rangeOf(data) }
}

function rangeOf(data: Float32Array): Pick<Told, 'range'> {
  if (data.length === 0) return {}
  const stride = Math.ceil(data.length / maxNumbers)
  let [min, max, sum, count] = [Infinity, -Infinity, 0, 0]
  for (let i = 0; i < data.length; i += stride) {
    const value = data[i]!
    if (!Number.isFinite(value)) continue
    min = Math.min(min, value)
    max = Math.max(max, value)
    sum += value
    count += 1
  }
  return count > 0 ? { range: { min, max, mean: sum / count } } : {}
}

function mixed(loras: readonly unknown[]): string {
  return loras.length > 0 ? `, ${counted(loras.length, 'LoRA')}` : ''
}

/** `rank 8`, `rank 4 to 16`, or the algorithm where there are no ranks. */
function ranksOf(modules: Lora['modules']): string {
  const ranks = modules.flatMap(({ parts }) => {
    const down = parts.get('down')
    return down ? [down.shape[0] ?? 0] : []
  })
  if (ranks.length === 0) return [...new Set(modules.map(({ algorithm }) => algorithm))].join(', ')
  const [least, most] = [Math.min(...ranks), Math.max(...ranks)]
  return least === most ? `rank ${least}` : `rank ${least} to ${most}`
}

function settingsOf(value: Readonly<Record<string, unknown>>): string {
  return Object.entries(value)
    .filter(([, entry]) => ['string', 'number', 'boolean'].includes(typeof entry))
    .slice(0, 6)
    .map(([key, entry]) => `${key} ${entry}`)
    .join(', ')
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

function cut(text: string): string {
  return text.length <= maxText ? text : `${text.slice(0, maxText - 1).toWellFormed()}…`
}
