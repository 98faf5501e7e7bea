import { isJsonObject } from '../../formats/strict-json.ts'

/** What lies beside a LoRA, and its size. */
export interface CardFiles {
  /** Name of the LoRA's file. */
  readonly file: string
  readonly bytes: number
  /** Names of pictures drawn with it. */
  readonly pictures: readonly string[]
  /** Name of the picture of the loss curve. */
  readonly chart?: string | undefined
}

type Metadata = Readonly<Record<string, string>>

/**
 * A page about a LoRA in Markdown, with the head that model sites read, made of the metadata in the
 * file. What the metadata does not say is left out.
 */
export function modelCard(metadata: Metadata, files: CardFiles): string {
  const spec = (name: string) => said(metadata[`modelspec.${name}`])
  const title = spec('title') ?? files.file.replace(/\.safetensors$/, '')
  const trigger = spec('trigger_phrase')
  const sections = [
    head(metadata),
    `# ${plain(title)}`,
    spec('description') && plain(spec('description')!),
    ...files.pictures.map((name) => `![Drawn with ${plain(title)}](${encodeURI(name)})`),
    trigger && `Put into the prompt: \`${trigger.replaceAll('`', "'")}\``,
    spec('usage_hint') && plain(spec('usage_hint')!),
    table(rowsOf(metadata, files)),
    files.chart && `![Loss over the steps](${encodeURI(files.chart)})`,
  ]
  return `${sections.filter((section) => section).join('\n\n')}\n`
}

/** Text for a model site: YAML, whose texts may be written as those of JSON. */
function head(metadata: Metadata): string {
  const tags = ['lora', 'text-to-image', ...listed(metadata['modelspec.tags'])]
  const entries: Record<string, string | readonly string[] | undefined> = {
    license: said(metadata['modelspec.license']),
    base_model: said(metadata.ss_sd_model_name),
    instance_prompt: said(metadata['modelspec.trigger_phrase']),
    tags: [...new Set(tags)],
  }
  const lines = Object.entries(entries).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}: ${JSON.stringify(value)}`],
  )
  return ['---', ...lines, '---'].join('\n')
}

type Row = readonly [label: string, text: string | undefined]

function rowsOf(metadata: Metadata, { file, bytes }: CardFiles): readonly Row[] {
  const at = (key: string) => said(metadata[key])
  return [
    ['File', `${file}, ${(bytes / 2 ** 20).toFixed(1)} MiB`],
    ['SHA-256 of its tensors', at('sshs_model_hash')],
    ['Author', at('modelspec.author')],
    ['Licence', at('modelspec.license')],
    ['Base model', joined(at('ss_sd_model_name'), at('ss_new_sd_model_hash'), 'SHA-256')],
    ['Family', at('ss_base_model_version')],
    ['Form', at('ss_network_module')],
    ['Rank, alpha', joined(at('ss_network_dim'), at('ss_network_alpha'))],
    ['Steps, epochs', joined(at('ss_steps'), at('ss_epoch'))],
    ['Pictures, with repeats', at('ss_num_train_images')],
    ['Resolution', at('modelspec.resolution')],
    ['Batch', at('ss_total_batch_size')],
    ['Learning rate, schedule', joined(at('ss_learning_rate'), at('ss_lr_scheduler'))],
    ['Optimizer', at('ss_optimizer')],
    ['Seed', at('ss_seed')],
    ['Licences of the pictures', licences(at('mazeru.dataset_licences'))],
    ['Remark', at('ss_training_comment')],
  ]
}

function table(rows: readonly Row[]): string {
  const lines = rows.flatMap(([label, text]) => (text ? [`| ${label} | ${plain(text)} |`] : []))
  return ['| | |', '|---|---|', ...lines].join('\n')
}

/** `CC0-1.0 (20), not stated (2)`. */
function licences(json: string | undefined): string | undefined {
  if (json === undefined) return undefined
  const counts = parsed(json)
  if (!isJsonObject(counts)) return undefined
  const parts = Object.entries(counts).map(([name, count]) => `${name || 'not stated'} (${count})`)
  return parts.join(', ')
}

/** Metadata may come from a file of anybody's. */
function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

/** A value that says something; Python's `None` does not. */
function said(text: string | undefined): string | undefined {
  return text === undefined || text.trim() === '' || text === 'None' ? undefined : text
}

function joined(first: string | undefined, second: string | undefined, label = '') {
  if (first === undefined || second === undefined) return first
  return `${first}, ${label === '' ? '' : `${label} `}${second}`
}

function listed(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '')
}

/** Text of a person, which may not become markup or break a line. */
function plain(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/[\\`*_[\]<>#|]/g, '\\$&')
}
