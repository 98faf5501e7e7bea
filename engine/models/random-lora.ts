import { encodeSafetensors, type SafetensorsTensor } from '../formats/safetensors.ts'
import { bytesOf } from '../onnx/express.ts'
import { type Blueprint, blueprintTensors } from './blueprint.ts'
import { randomNumbers } from './random-numbers.ts'

/** The two networks of SD 1.x that LoRAs change, and how kohya's files begin their keys. */
const prefixes = { unet: 'lora_unet_', textEncoder: 'lora_te_' } as const

/** By network: canonical layer name -> `[out, in]`. */
export type LinearLayers = Readonly<
  Partial<Record<keyof typeof prefixes, ReadonlyMap<string, readonly number[]>>>
>

export interface RandomLora {
  readonly rank: number
  readonly layers: LinearLayers
  readonly seed: number
  /** Size of the change at strength 1, as a part of random weights; 0.5 where absent. */
  readonly size?: number
}

/**
 * A float16 LoRA file with seeded random factors, under kohya's names. At strength 1 it changes
 * each weight by numbers of deviation `size / √in`.
 */
export function randomLora({ rank, layers, seed, size = 0.5 }: RandomLora): Uint8Array {
  const numbers = randomNumbers(seed)
  const tensors: [string, SafetensorsTensor][] = []
  const put = (name: string, shape: readonly number[], pieces: Iterable<Float16Array>) => {
    tensors.push([name, { dtype: 'F16', shape, bytes: bytesOf(joined(pieces)) }])
  }
  for (const [network, list] of Object.entries(layers)) {
    for (const [layer, [out, inner]] of list as ReadonlyMap<string, readonly [number, number]>) {
      const name = prefixes[network as keyof typeof prefixes] + layer.replaceAll('.', '_')
      put(`${name}.alpha`, [], [new Float16Array([rank])])
      const down = numbers.normals(rank * inner, 1 / Math.sqrt(inner))
      put(`${name}.lora_down.weight`, [rank, inner], down)
      const up = numbers.normals(out * rank, size / Math.sqrt(rank))
      put(`${name}.lora_up.weight`, [out, rank], up)
    }
  }
  return encodeSafetensors(tensors, {
    ss_network_module: 'networks.lora',
    ss_network_dim: String(rank),
    ss_network_alpha: String(rank),
    'mazeru.note': `random factors of seed ${seed}: for trying and measuring`,
  })
}

/** The linear layers of attention and feed-forward: what kohya's training adapts by default. */
export function attentionLayers(blueprint: Blueprint): Required<LinearLayers> {
  const layers = { unet: new Map<string, readonly number[]>(), textEncoder: new Map() }
  const pattern = /\.(attn[12]|ff|self_attn|mlp)\..*\.weight$/
  for (const { network, name, shape } of blueprintTensors(blueprint)) {
    if (network === 'vae' || shape.length !== 2 || !pattern.test(name)) continue
    layers[network].set(name.slice(0, -'.weight'.length), shape)
  }
  return layers
}

function joined(pieces: Iterable<Float16Array>): Float16Array {
  const list = [...pieces]
  if (list.length === 1) return list[0]!
  const all = new Float16Array(list.reduce((sum, piece) => sum + piece.length, 0))
  let at = 0
  for (const piece of list) {
    all.set(piece, at)
    at += piece.length
  }
  return all
}
