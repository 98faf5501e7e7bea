import { type PythonValue, pythonFloat, pythonText } from '../../lora/save/python-text.ts'

/** The classes by which kohya's files name optimizers. Ours compute the same. */
const classes: readonly (readonly [name: RegExp, text: string])[] = [
  [/^adamw$/, 'torch.optim.adamw.AdamW'],
  [/^lion$/, 'lion_pytorch.lion_pytorch.Lion'],
  [/^sgd/, 'torch.optim.sgd.SGD'],
  [/^adafactor$/, 'transformers.optimization.Adafactor'],
  [/^prodigy$/, 'prodigyopt.prodigy.Prodigy'],
]

/**
 * An optimizer with its arguments as kohya writes both: `torch.optim.adamw.AdamW(eps=1e-08)`.
 * Names of arguments become those of Python; an optimizer that is not known keeps its name.
 */
export function optimizerText(name: string, args: Readonly<Record<string, unknown>>): string {
  const known = classes.find(([pattern]) => pattern.test(name.toLowerCase().replace(/\W|_/g, '')))
  const listed = Object.entries(args).filter(([, value]) => value !== undefined)
  const texts = listed.map(([key, value]) => `${snakeCase(key)}=${argumentText(value)}`)
  return (known?.[1] ?? name) + (texts.length > 0 ? `(${texts.join(',')})` : '')
}

function argumentText(value: unknown): string {
  if (Array.isArray(value)) return `(${value.map(argumentText).join(', ')})`
  return typeof value === 'number' ? numberText(value) : pythonText(value as PythonValue)
}

function numberText(value: number): string {
  return Number.isInteger(value) ? String(value) : pythonFloat(value)
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
