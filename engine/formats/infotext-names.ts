import { type Infotext, quote, unquote } from './infotext.ts'

/**
 * What the names in a `parameters` text mean, and how the WebUI calls our samplers and schedules.
 */

/** Our sampler -> the WebUI's name, and the schedule it takes where a text names none. */
export const infotextSamplers: Readonly<Record<string, { label: string; schedule: string }>> = {
  euler: { label: 'Euler', schedule: 'normal' },
  euler_ancestral: { label: 'Euler a', schedule: 'normal' },
  heun: { label: 'Heun', schedule: 'normal' },
  dpm_2: { label: 'DPM2', schedule: 'karras' },
  dpm_2_ancestral: { label: 'DPM2 a', schedule: 'karras' },
  lms: { label: 'LMS', schedule: 'normal' },
  dpmpp_2s_ancestral: { label: 'DPM++ 2S a', schedule: 'karras' },
  dpmpp_sde: { label: 'DPM++ SDE', schedule: 'karras' },
  dpmpp_2m: { label: 'DPM++ 2M', schedule: 'karras' },
  dpmpp_2m_sde: { label: 'DPM++ 2M SDE', schedule: 'exponential' },
  dpmpp_3m_sde: { label: 'DPM++ 3M SDE', schedule: 'exponential' },
  ddim: { label: 'DDIM', schedule: 'ddim_uniform' },
  ddpm: { label: 'DDPM', schedule: 'normal' },
  lcm: { label: 'LCM', schedule: 'normal' },
  uni_pc: { label: 'UniPC', schedule: 'normal' },
}

/** Our schedule -> the WebUI's name. */
export const infotextSchedules: Readonly<Record<string, string>> = {
  normal: 'Normal',
  karras: 'Karras',
  exponential: 'Exponential',
  polyexponential: 'Polyexponential',
  sgm_uniform: 'SGM Uniform',
  simple: 'Simple',
  ddim_uniform: 'DDIM',
  beta: 'Beta',
}

/** Names that are read but not written. "Uniform" spaces timesteps as "Normal" does. */
const scheduleAliases: Readonly<Record<string, string>> = {
  uniform: 'normal',
  sgmuniform: 'sgm_uniform',
}

/** A LoRA as a picture's text names it. */
export interface InfotextLora {
  readonly name: string
  /** First 12 characters of the WebUI's hash of the weights; sites look LoRAs up by it. */
  readonly hash: string
}

/** How a picture was made. */
export interface Generation {
  readonly prompt: string
  readonly negative: string
  readonly steps?: number
  /** Our name, or the text's own where we have none. */
  readonly sampler?: string
  /** Our name, or the text's own where we have none. */
  readonly schedule?: string
  readonly guidance?: number
  readonly seed?: number
  readonly width?: number
  readonly height?: number
  readonly modelHash?: string
  readonly model?: string
  readonly vae?: string
  readonly denoise?: number
  readonly clipSkip?: number
  readonly loras?: readonly InfotextLora[]
  /** Everything else that the line says, by name. */
  readonly others?: ReadonlyMap<string, string>
}

/** The parts of a `parameters` text for a picture; names stand in the WebUI's order. */
export function infotextOf(generation: Generation): Infotext {
  const { prompt, negative, sampler, schedule, width, height, loras, others } = generation
  const settings = new Map<string, string>()
  const add = (name: string, value: string | number | undefined) => {
    if (value !== undefined) settings.set(name, String(value))
  }
  add('Steps', generation.steps)
  add('Sampler', sampler && (entryOf(infotextSamplers, sampler)?.label ?? sampler))
  add('Schedule type', schedule && (entryOf(infotextSchedules, schedule) ?? schedule))
  add('CFG scale', generation.guidance)
  add('Seed', generation.seed)
  if (width !== undefined && height !== undefined) add('Size', `${width}x${height}`)
  add('Model hash', generation.modelHash)
  add('Model', generation.model)
  add('VAE', generation.vae)
  add('Denoising strength', generation.denoise)
  add('Clip skip', generation.clipSkip)
  if (loras && loras.length > 0) {
    add('Lora hashes', loras.map(({ name, hash }) => `${quote(name)}: ${hash}`).join(', '))
  }
  for (const [name, value] of others ?? []) if (!settings.has(name)) settings.set(name, value)
  return { prompt, negative, settings }
}

/**
 * What a `parameters` text says, in our names; never throws. Values that are no numbers where
 * numbers belong stay among `others`. Older texts name the schedule with the sampler
 * ("DPM++ 2M Karras"); where none is named it is the one the WebUI takes by itself.
 */
export function generationOf({ prompt, negative, settings }: Infotext): Generation {
  const others = new Map(settings)
  const take = <Value>(name: string, read: (text: string) => Value | undefined) => {
    const text = others.get(name)
    const value = text === undefined ? undefined : read(text)
    if (value !== undefined) others.delete(name)
    return value
  }
  const named = take('Sampler', (text) => text)
  const scheduled = take('Schedule type', (text) => text)
  const size = take('Size', readSize)
  const found = {
    steps: take('Steps', readNumber),
    ...(named === undefined ? {} : samplerOf(named, scheduled)),
    guidance: take('CFG scale', readNumber),
    seed: take('Seed', readNumber),
    width: size?.[0],
    height: size?.[1],
    modelHash: take('Model hash', (text) => text),
    model: take('Model', (text) => text),
    vae: take('VAE', (text) => text),
    denoise: take('Denoising strength', readNumber),
    clipSkip: take('Clip skip', readNumber),
    loras: take('Lora hashes', readLoras),
  }
  const present = Object.entries(found).filter(([, value]) => value !== undefined)
  return { prompt, negative, ...Object.fromEntries(present), others }
}

function samplerOf(label: string, scheduled: string | undefined) {
  const words = label.split(' ')
  const suffix = words.length > 1 ? scheduleOf(words.at(-1)!) : undefined
  const plain = samplerByLabel(label)
  const sampler = plain ?? (suffix && samplerByLabel(words.slice(0, -1).join(' ')))
  if (!sampler) return { sampler: label, schedule: scheduled }
  const isNamed = scheduled !== undefined && scheduled !== 'Automatic'
  if (isNamed) return { sampler, schedule: scheduleOf(scheduled) ?? scheduled }
  return { sampler, schedule: plain ? infotextSamplers[sampler]!.schedule : suffix }
}

function samplerByLabel(label: string): string | undefined {
  const entry = Object.entries(infotextSamplers).find(([, { label: known }]) =>
    isSame(known, label),
  )
  return entry?.[0]
}

function scheduleOf(label: string): string | undefined {
  const entry = Object.entries(infotextSchedules).find(([, known]) => isSame(known, label))
  return entry?.[0] ?? entryOf(scheduleAliases, label.toLowerCase())
}

function isSame(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}

function entryOf<Value>(table: Readonly<Record<string, Value>>, key: string): Value | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined
}

function readNumber(text: string): number | undefined {
  return /^-?\d+(\.\d+)?(e-?\d+)?$/i.test(text) ? Number(text) : undefined
}

function readSize(text: string): [number, number] | undefined {
  const match = /^(\d{1,6})x(\d{1,6})$/.exec(text)
  return match ? [Number(match[1]), Number(match[2])] : undefined
}

function readLoras(text: string): InfotextLora[] {
  const pair = /[\s,]*("(?:[^"\\]|\\.)*"|[^,:"]+):\s*([^,]*)/g
  return [...text.matchAll(pair)].map(([, name = '', hash = '']) => ({
    name: unquote(name.trim()),
    hash: hash.trim(),
  }))
}
