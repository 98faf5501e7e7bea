/** What the golden cases call the optimizers. */
const types: Record<string, string> = {
  AdamW: 'AdamW',
  SGD: 'SGDNesterov',
  Lion: 'Lion',
  Adafactor: 'AdaFactor',
  Prodigy: 'Prodigy',
}

/** Arguments that say what is always so here, or nothing. */
const silent = ['lr', 'nesterov', 'decoupled_weight_decay']

/**
 * Reads an optimizer as a golden case writes it: `torch.optim.AdamW(lr=1e-3,betas=(0.9,0.999))`.
 * What is not written has the default of the library that is named.
 */
export function goldenOptimizer(text: string): {
  optimizer: { optimizerType: string; optimizerArgs: Record<string, unknown> }
  rate: number
} {
  const [, name, list] = text.match(/(\w+)(?: [\d.]+)? ?\((.*)\)$/) as RegExpMatchArray
  const optimizerType = types[name!]
  if (!optimizerType) throw new Error(`golden optimizer ${text} is not known`)
  const pairs = list!.split(/,\s*(?=\w+=)/).map((pair) => pair.split('=') as [string, string])
  const given = new Map(pairs.map(([key, value]) => [key, readValue(value)]))
  const optimizerArgs = Object.fromEntries(
    [...given]
      .filter(([key, value]) => !silent.includes(key) && value !== null)
      .map(([key, value]) => [key.replace(/_(\w)/g, (_, letter) => letter.toUpperCase()), value]),
  )
  return { optimizer: { optimizerType, optimizerArgs }, rate: Number(given.get('lr') ?? 0) }
}

function readValue(text: string): unknown {
  if (text === 'None') return null
  if (text === 'True' || text === 'False') return text === 'True'
  if (text.startsWith('(')) return text.slice(1, -1).split(',').map(Number)
  return Number(text)
}
