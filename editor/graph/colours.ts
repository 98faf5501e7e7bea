import { parsedType } from '../state/shapes.ts'

/** How the type of a socket looks: a colour and, for those who do not see it, a shape. */

/** CSS colour of a type: `model<sd15>` and `model` look alike. */
export function typeColour(type: string): string {
  return `var(--socket-${typeName(type)}, var(--socket-other))`
}

/** The name of a type without its arguments; `other` for variables. */
export function typeName(type: string): string {
  const parsed = parsedType(type)
  if (parsed.kind !== 'named') return 'other'
  const [first] = parsed.args
  return parsed.name === 'list' && first?.kind === 'named' ? first.name : parsed.name
}

export type SocketLook = 'round' | 'square' | 'diamond' | 'triangle'

const looks: Readonly<Record<string, SocketLook>> = {
  model: 'square',
  'text-encoder': 'square',
  vae: 'square',
  lora: 'diamond',
  weights: 'diamond',
  training: 'diamond',
  optimizer: 'diamond',
  dataset: 'diamond',
  number: 'triangle',
  integer: 'triangle',
  text: 'triangle',
  boolean: 'triangle',
  sigmas: 'triangle',
}

/** The shape of a type's sockets. */
export function typeLook(type: string): SocketLook {
  return looks[typeName(type)] ?? 'round'
}
