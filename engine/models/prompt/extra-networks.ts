import { WorkflowError } from '../../errors.ts'
import { pythonFloat, pythonInt } from './python-text.ts'

/**
 * AUTOMATIC1111's networks in the prompt: `<lora:name:0.8>`, `<lora:name:te=0.5:unet=0.9>`.
 * What an extension reads from the arguments, such as `lbw=`, is passed on and not explained here.
 */

/** One `<type:arguments>` of a prompt. */
export interface ExtraNetwork {
  readonly type: string
  /** The arguments as written. */
  readonly items: readonly string[]
  /** Arguments without a name. */
  readonly positional: readonly string[]
  /** Arguments `name=value`. */
  readonly named: Readonly<Record<string, string>>
}

/** What a `<lora:…>` asks for. */
export interface LoraRequest {
  readonly name: string
  /** Strength in the text encoder. */
  readonly te: number
  /** Strength in the denoising network; that of the text encoder where none is given. */
  readonly unet: number
  /** Rank to cut the LoRA down to, null for all of it. */
  readonly dyn: number | null
}

const network = /<([\p{L}\p{N}_]+):([^>]+)>/gu

/** Takes the networks out of a prompt; the spaces around them stay. */
export function extractNetworks(text: string): { prompt: string; networks: ExtraNetwork[] } {
  const networks: ExtraNetwork[] = []
  // Nothing after the last `>` can match, and searching there would take quadratic time.
  const end = text.lastIndexOf('>') + 1
  const head = text.slice(0, end).replace(network, (_, type: string, list: string) => {
    networks.push(readNetwork(type, list.split(':')))
    return ''
  })
  return { prompt: head + text.slice(end), networks }
}

/**
 * Reads the arguments of a network of type `lora` or `lyco`: name, text encoder, unet, rank by
 * place or by name. Throws a WorkflowError where the name is absent or a number is none.
 */
export function resolveLora({ type, items, positional, named }: ExtraNetwork): LoraRequest {
  const [name, te, unet, dyn] = positional
  const thing = `<${type}:${items.join(':')}>`
  if (name === undefined) throw new WorkflowError(`${thing}: no name given, one expected first`)
  const strength = (text: string | undefined, fallback: number) => {
    const value = text === undefined ? fallback : pythonFloat(text)
    if (value !== undefined) return value
    throw new WorkflowError(`${thing}: strength is "${text}", a number expected`)
  }
  const rank = (text: string | undefined, fallback: number | null) => {
    const value = text === undefined ? fallback : pythonInt(text)
    if (value !== undefined) return value
    throw new WorkflowError(`${thing}: rank is "${text}", a whole number expected`)
  }
  const inEncoder = strength(named.te, strength(te, 1))
  return {
    name,
    te: inEncoder,
    unet: strength(named.unet, strength(unet, inEncoder)),
    dyn: rank(named.dyn, rank(dyn, null)),
  }
}

/** An argument with two `=` counts as one without a name. */
function readNetwork(type: string, items: readonly string[]): ExtraNetwork {
  const positional: string[] = []
  const named: [string, string][] = []
  for (const item of items) {
    const [name, value, more] = item.split('=')
    if (name === undefined || value === undefined || more !== undefined) positional.push(item)
    else named.push([name, value])
  }
  return { type, items, positional, named: Object.fromEntries(named) }
}
