import { trainTimesteps } from '../objective/noise-schedule.ts'
import type { BaseFacts, TrainingFacts } from './facts.ts'

/** Architectures of LoRAs in ModelSpec, by family and by what the model predicts. */
const architectures: Readonly<Record<string, (base: BaseFacts) => string>> = {
  sd15: () => 'stable-diffusion-v1',
  sd2: ({ prediction }) =>
    prediction === 'v' ? 'stable-diffusion-v2-768-v' : 'stable-diffusion-v2-512',
  sdxl: () => 'stable-diffusion-xl-v1-base',
}

/** What those who ask after an implementation are told for the networks of these families. */
const implementation = 'https://github.com/Stability-AI/generative-models'

/**
 * The entries of Stability AI's ModelSpec 1.0.0, as kohya fills them. Those that nobody gave are
 * left out. The hash is added where the file is written.
 */
export function modelSpec({ settings, run, data, base }: TrainingFacts): Record<string, string> {
  const [width, height] = data.resolution
  const architecture = architectures[base.family]?.(base)
  const isWhole = settings.minTimestep === 0 && settings.maxTimestep === trainTimesteps
  const entries: Record<string, string | undefined> = {
    sai_model_spec: '1.0.0',
    architecture: architecture && `${architecture}/lora`,
    implementation,
    title: settings.metadataTitle ?? settings.outputName,
    resolution: `${width}x${height}`,
    date: isoSeconds(run.startedAt),
    prediction_type: base.prediction,
    author: settings.metadataAuthor,
    description: settings.metadataDescription,
    license: settings.metadataLicense,
    tags: settings.metadataTags,
    trigger_phrase: settings.triggerWords.join(', '),
    encoder_layer: settings.clipSkip > 1 ? String(settings.clipSkip) : undefined,
    timestep_range: isWhole ? undefined : `${settings.minTimestep},${settings.maxTimestep}`,
  }
  return specEntries(entries)
}

/** Entries under their full names, those without a text left out. */
export function specEntries(
  entries: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(entries).flatMap(([name, text]) => (text ? [[`modelspec.${name}`, text]] : [])),
  )
}

/** `2023-11-14T22:13:20` in UTC; `time` is milliseconds since 1970. */
function isoSeconds(time: number): string {
  const two = '2-digit'
  const format = new Intl.DateTimeFormat('en-US', {
    ...({ timeZone: 'UTC', hourCycle: 'h23', year: 'numeric', month: two, day: two } as const),
    ...({ hour: two, minute: two, second: two } as const),
  })
  const parts = Object.fromEntries(
    format.formatToParts(time).map((part) => [part.type, part.value]),
  )
  const { year, month, day, hour, minute, second } = parts
  return `${year}-${month}-${day}T${hour}:${minute}:${second}`
}
