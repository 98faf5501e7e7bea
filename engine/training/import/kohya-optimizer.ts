import type { Optimizer } from '../optimizers/optimizer.ts'
import { type OptimizerType, optimizers } from '../optimizers.ts'
import type { Answer, KeyTable, Reader } from './collect.ts'
import { isEmpty, off, refuse, to, toUnlessEmpty } from './readers.ts'

/** Options of sd-scripts for the optimizer and its rates, and the names other tools use. */

interface Meant {
  readonly type: OptimizerType
  /** Why it is not quite the same. */
  readonly why?: string
}

const bits = 'its state is kept in float32 instead of 8 bits: more exact, and more memory'
const adapts = 'Prodigy finds the rate itself too, and follows it; set learningRate to 1'
const free = 'without averaging in place of a schedule; choose lrScheduler cosine'

/** By name in lower case, without a punctuation mark. */
const known: Readonly<Record<string, Meant>> = {
  '': { type: 'AdamW' },
  adamw: { type: 'AdamW' },
  adam: { type: 'AdamW', why: 'weight decay apart from the gradient' },
  adamw8bit: { type: 'AdamW', why: bits },
  adam8bit: { type: 'AdamW', why: bits },
  pagedadamw: { type: 'AdamW', why: 'nothing is moved out of the device' },
  pagedadamw8bit: { type: 'AdamW', why: bits },
  pagedadamw32bit: { type: 'AdamW', why: 'nothing is moved out of the device' },
  lion: { type: 'Lion' },
  lion8bit: { type: 'Lion', why: bits },
  pagedlion8bit: { type: 'Lion', why: bits },
  sgdnesterov: { type: 'SGDNesterov' },
  sgdnesterov8bit: { type: 'SGDNesterov', why: bits },
  adafactor: { type: 'AdaFactor' },
  prodigy: { type: 'Prodigy' },
  prodigyplusschedulefree: { type: 'Prodigy', why: free },
  adamwschedulefree: { type: 'AdamW', why: free },
  radamschedulefree: { type: 'AdamW', why: free },
  sgdschedulefree: { type: 'SGDNesterov', why: free },
  dadaptation: { type: 'Prodigy', why: adapts },
  dadaptadampreprint: { type: 'Prodigy', why: adapts },
  dadaptadagrad: { type: 'Prodigy', why: adapts },
  dadaptadam: { type: 'Prodigy', why: adapts },
  dadaptadan: { type: 'Prodigy', why: adapts },
  dadaptadanip: { type: 'Prodigy', why: adapts },
  dadaptlion: { type: 'Prodigy', why: adapts },
  dadaptsgd: { type: 'Prodigy', why: adapts },
}

/** What an optimizer's name in any of the tools means; undefined for one that has no likeness. */
export function meantOptimizer(name: unknown): Meant | undefined {
  const key = String(name ?? '')
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '')
  return Object.hasOwn(known, key) ? known[key] : undefined
}

/** Reads the name of an optimizer. */
export const optimizerName: Reader = (value) => {
  const meant = meantOptimizer(value)
  if (!meant) {
    return { outcome: 'refused', why: 'no such optimizer here; AdamW is used' }
  }
  const { type, why } = meant
  const answer = { to: 'train.optimizerType', value: type } as const
  return why === undefined
    ? { outcome: 'mapped', ...answer }
    : { outcome: 'approximated', ...answer, why }
}

/** Reads the name of a schedule; `adafactor` is the rate that the optimizer makes itself. */
export const schedulerName: Reader = (value) => {
  const name = String(value ?? '').toLowerCase()
  if (isEmpty(name)) return off()
  if (/^adafactor(:|$)/.test(name)) {
    return { outcome: 'mapped', why: 'AdaFactor makes its rate itself' }
  }
  if (name === 'piecewise_constant') {
    return { outcome: 'refused', why: 'no such schedule here; the rate stays constant' }
  }
  return { outcome: 'mapped', to: 'train.lrScheduler', value: name }
}

const oneSwitch = (type: string): Reader => {
  return (value) => (value === false ? off() : [optimizerName(type, new Map())].flat())
}

/** Options of sd-scripts. */
export const optimizerKeys: KeyTable = {
  optimizer_type: optimizerName,
  use_8bit_adam: oneSwitch('AdamW8bit'),
  use_lion_optimizer: oneSwitch('Lion'),
  learning_rate: toUnlessEmpty('train.learningRate'),
  unet_lr: toUnlessEmpty('train.unetLr'),
  text_encoder_lr: textEncoderRate,
  max_grad_norm: to('train.maxGradNorm'),
  lr_scheduler: schedulerName,
  lr_scheduler_type: refuse('only schedules that mazeru knows by name'),
  lr_warmup_steps: toUnlessEmpty('train.lrWarmupSteps'),
  lr_decay_steps: toUnlessEmpty('train.lrDecaySteps'),
  lr_scheduler_num_cycles: toUnlessEmpty('train.lrSchedulerNumCycles'),
  lr_scheduler_power: toUnlessEmpty('train.lrSchedulerPower'),
  lr_scheduler_timescale: toUnlessEmpty('train.lrSchedulerTimescale'),
  lr_scheduler_min_lr_ratio: toUnlessEmpty('train.lrSchedulerMinLrRatio'),
}

/** Arguments that say how a step is computed, not what. */
const inert = new Set(['fused', 'foreach', 'capturable', 'fsdp_in_use', 'is_paged', 'block_wise'])

/** Arguments that are so here, or that mean nothing where they are so. */
const fixed: Readonly<Record<string, string>> = {
  nesterov: 'True',
  amsgrad: 'False',
  maximize: 'False',
  dampening: '0',
  slice_p: '1',
}

/** Arguments of the optimizer that a name means, by kohya's spelling. */
export function optimizerArgs(name: unknown): KeyTable {
  const type = meantOptimizer(name)?.type ?? 'AdamW'
  const { args }: Optimizer = optimizers[type]
  const entries = Object.keys(args.shape).map((key) => [
    key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    (value: unknown): Answer => ({
      outcome: 'mapped',
      to: `train.optimizerArgs.${key}`,
      value: literal(value),
    }),
  ])
  return {
    ...Object.fromEntries(entries),
    ...Object.fromEntries([...inert].map((key) => [key, asComputed])),
    ...Object.fromEntries(Object.entries(fixed).map(([key, value]) => [key, only(value)])),
  }
}

const asComputed: Reader = () => ({ outcome: 'approximated', why: 'how it is computed, not what' })

function only(wanted: string): Reader {
  return (value) =>
    String(value).toLowerCase() === wanted.toLowerCase()
      ? { outcome: 'mapped', why: 'always so' }
      : { outcome: 'refused', why: `always ${wanted} here` }
}

/** Python's way to write a value: `True`, `None`, `(0.9, 0.99)`; a list without brackets too. */
function literal(value: unknown): unknown {
  if (typeof value !== 'string') return value
  const text = value.trim().replace(/^[([]|[)\]]$/g, '')
  if (text.includes(',')) return text.split(',').filter(Boolean).map(scalar)
  return scalar(text)
}

function scalar(text: string): unknown {
  const word = text.trim()
  const named = { true: true, false: false, none: undefined }[word.toLowerCase()]
  if (named !== undefined || word.toLowerCase() === 'none') return named
  return word === '' || Number.isNaN(Number(word)) ? word : Number(word)
}

/** One rate for each text encoder; SD 1.x has one. */
function textEncoderRate(value: unknown): Answer {
  if (isEmpty(value)) return off()
  const list = Array.isArray(value) ? value : [value]
  const target = { to: 'train.textEncoderLr', value: list[0] } as const
  return list.length === 1
    ? { outcome: 'mapped', ...target }
    : { outcome: 'approximated', ...target, why: 'there is one text encoder; the first rate' }
}
