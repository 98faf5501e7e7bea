/**
 * Names of weights in single-file checkpoints (the LDM layout) and their canonical names (the
 * diffusers layout), both ways, without the prefix of the network. Everything is one table of
 * module pairs, generated from a small description of the network; what follows a module in a
 * name (`.weight`, `.bias`, the inside of a transformer) is the same in both layouts.
 */

/** What decides the numbering of a U-Net's blocks. SD 1.x: 2, `[true, true, true, false]`. */
export interface UnetStructure {
  /** Resnets of a down block; an up block has one more. */
  readonly layersPerBlock: number
  /** Per down block, from the top: does it have transformers? */
  readonly attention: readonly boolean[]
}

/** What decides the numbering of a VAE's blocks. Stable Diffusion: 2 and 4. */
export interface VaeStructure {
  readonly layersPerBlock: number
  readonly blocks: number
}

/** The LDM name of a U-Net weight or layer; undefined if the network has no such module. */
export function unetToLdm(canonical: string, structure: UnetStructure): string | undefined {
  return rename(canonical, unetNames(structure).toLdm)
}

/** The canonical name of a U-Net weight or layer; undefined if the network has no such module. */
export function unetFromLdm(ldm: string, structure: UnetStructure): string | undefined {
  return rename(ldm, unetNames(structure).fromLdm)
}

/** The LDM name of a VAE weight or layer; undefined if the network has no such module. */
export function vaeToLdm(canonical: string, structure: VaeStructure): string | undefined {
  return rename(canonical, vaeNames(structure).toLdm)
}

/** The canonical name of a VAE weight or layer; undefined if the network has no such module. */
export function vaeFromLdm(ldm: string, structure: VaeStructure): string | undefined {
  return rename(ldm, vaeNames(structure).fromLdm)
}

/** The structure of a U-Net, read off its canonical names. */
export function unetStructureOf(canonicalNames: Iterable<string>): UnetStructure {
  const resnets = new Set<string>()
  const attention: boolean[] = []
  for (const name of canonicalNames) {
    const [, block, kind, layer] =
      /^down_blocks\.(\d+)\.(resnets|attentions)\.(\d+)\./.exec(name) ?? []
    if (!block || !layer) continue
    if (block === '0' && kind === 'resnets') resnets.add(layer)
    while (attention.length <= Number(block)) attention.push(false)
    if (kind === 'attentions') attention[Number(block)] = true
  }
  return { layersPerBlock: resnets.size, attention }
}

/** Canonical module and LDM module. No module of a table lies inside another of the same table. */
type Pair = readonly [canonical: string, ldm: string]

interface Names {
  readonly toLdm: ReadonlyMap<string, string>
  readonly fromLdm: ReadonlyMap<string, string>
}

const unetEnds: readonly Pair[] = [
  ['conv_in', 'input_blocks.0.0'],
  ['time_embedding.linear_1', 'time_embed.0'],
  ['time_embedding.linear_2', 'time_embed.2'],
  ['add_embedding.linear_1', 'label_emb.0.0'],
  ['add_embedding.linear_2', 'label_emb.0.2'],
  ['conv_norm_out', 'out.0'],
  ['conv_out', 'out.2'],
]

const unetResnet: readonly Pair[] = [
  ['norm1', 'in_layers.0'],
  ['conv1', 'in_layers.2'],
  ['time_emb_proj', 'emb_layers.1'],
  ['norm2', 'out_layers.0'],
  ['conv2', 'out_layers.3'],
  ['conv_shortcut', 'skip_connection'],
]

const vaeEnds: readonly Pair[] = [
  ['quant_conv', 'quant_conv'],
  ['post_quant_conv', 'post_quant_conv'],
]

const coderEnds: readonly Pair[] = [
  ['conv_in', 'conv_in'],
  ['conv_norm_out', 'norm_out'],
  ['conv_out', 'conv_out'],
]

const vaeResnet: readonly Pair[] = [
  ['norm1', 'norm1'],
  ['conv1', 'conv1'],
  ['norm2', 'norm2'],
  ['conv2', 'conv2'],
  ['conv_shortcut', 'nin_shortcut'],
]

const vaeAttention: readonly Pair[] = [
  ['group_norm', 'norm'],
  ['to_q', 'q'],
  ['to_k', 'k'],
  ['to_v', 'v'],
  ['to_out.0', 'proj_out'],
]

const unets = new WeakMap<UnetStructure, Names>()
const vaes = new WeakMap<VaeStructure, Names>()

function unetNames(structure: UnetStructure): Names {
  return remembered(unets, structure, () => unetPairs(structure))
}

function vaeNames(structure: VaeStructure): Names {
  return remembered(vaes, structure, () => vaePairs(structure))
}

function unetPairs({ layersPerBlock, attention }: UnetStructure): Pair[] {
  const perBlock = layersPerBlock + 1
  const last = attention.length - 1
  const down = attention.flatMap((attends, block): Pair[] => {
    const first = block * perBlock + 1
    return [
      ...indices(layersPerBlock).flatMap((layer) =>
        unetLayer(`down_blocks.${block}`, layer, `input_blocks.${first + layer}`, attends),
      ),
      ...optional(block < last, [
        `down_blocks.${block}.downsamplers.0.conv`,
        `input_blocks.${first + layersPerBlock}.0.op`,
      ]),
    ]
  })
  const up = attention.toReversed().flatMap((attends, block): Pair[] => {
    const first = block * perBlock
    return [
      ...indices(perBlock).flatMap((layer) =>
        unetLayer(`up_blocks.${block}`, layer, `output_blocks.${first + layer}`, attends),
      ),
      // The upsampler is the last member of its output block, behind the transformer if any.
      ...optional(block < last, [
        `up_blocks.${block}.upsamplers.0.conv`,
        `output_blocks.${first + layersPerBlock}.${attends ? 2 : 1}.conv`,
      ]),
    ]
  })
  return [
    ...unetEnds,
    ...down,
    ...within('mid_block.resnets.0', 'middle_block.0', unetResnet),
    ['mid_block.attentions.0', 'middle_block.1'],
    ...within('mid_block.resnets.1', 'middle_block.2', unetResnet),
    ...up,
  ]
}

function unetLayer(block: string, layer: number, ldm: string, attends: boolean): Pair[] {
  return [
    ...within(`${block}.resnets.${layer}`, `${ldm}.0`, unetResnet),
    ...optional(attends, [`${block}.attentions.${layer}`, `${ldm}.1`]),
  ]
}

function vaePairs({ layersPerBlock, blocks }: VaeStructure): Pair[] {
  const coders = ['encoder', 'decoder'].flatMap((coder) => [
    ...within(coder, coder, coderEnds),
    ...within(`${coder}.mid_block.resnets.0`, `${coder}.mid.block_1`, vaeResnet),
    ...within(`${coder}.mid_block.attentions.0`, `${coder}.mid.attn_1`, vaeAttention),
    ...within(`${coder}.mid_block.resnets.1`, `${coder}.mid.block_2`, vaeResnet),
  ])
  const down = indices(blocks).flatMap((block): Pair[] => {
    const canonical = `encoder.down_blocks.${block}`
    const ldm = `encoder.down.${block}`
    return [
      ...indices(layersPerBlock).flatMap((layer) =>
        within(`${canonical}.resnets.${layer}`, `${ldm}.block.${layer}`, vaeResnet),
      ),
      [`${canonical}.downsamplers.0.conv`, `${ldm}.downsample.conv`],
    ]
  })
  const up = indices(blocks).flatMap((block): Pair[] => {
    const canonical = `decoder.up_blocks.${block}`
    // LDM counts the decoder's blocks from the side of the picture.
    const ldm = `decoder.up.${blocks - 1 - block}`
    return [
      ...indices(layersPerBlock + 1).flatMap((layer) =>
        within(`${canonical}.resnets.${layer}`, `${ldm}.block.${layer}`, vaeResnet),
      ),
      [`${canonical}.upsamplers.0.conv`, `${ldm}.upsample.conv`],
    ]
  })
  return [...vaeEnds, ...coders, ...down, ...up]
}

function within(canonical: string, ldm: string, inner: readonly Pair[]): Pair[] {
  return inner.map(([a, b]) => [`${canonical}.${a}`, `${ldm}.${b}`])
}

function optional(present: boolean, pair: Pair): Pair[] {
  return present ? [pair] : []
}

function indices(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index)
}

function remembered<S extends object>(known: WeakMap<S, Names>, structure: S, make: () => Pair[]) {
  let names = known.get(structure)
  if (!names) {
    const pairs = make()
    names = {
      toLdm: new Map(pairs),
      fromLdm: new Map(pairs.map(([canonical, ldm]) => [ldm, canonical])),
    }
    known.set(structure, names)
  }
  return names
}

/** Replaces the module a name begins with; what follows it stays. */
function rename(name: string, modules: ReadonlyMap<string, string>): string | undefined {
  for (let end = name.length; end > 0; end = name.lastIndexOf('.', end - 1)) {
    const found = modules.get(name.slice(0, end))
    if (found !== undefined) return found + name.slice(end)
  }
  return undefined
}
