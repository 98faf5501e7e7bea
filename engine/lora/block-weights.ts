import { WorkflowError } from '../errors.ts'

/**
 * Block weights: a LoRA at another strength in every block of the network. The blocks are those of
 * the single-file layout (IN, MID, OUT); BASE is the text encoder. The orders are those of the
 * web UI's extension lora-block-weight and of kohya's svd_merge_lora.py.
 */
export type BlockWeights = readonly number[]

/**
 * The factor on a layer's strength, by its canonical name. 0 for a block that the order leaves
 * out; 1 for layers of no block, such as the last convolution. Throws a WorkflowError where no
 * order has as many numbers.
 */
export function blockWeight(weights: BlockWeights, layer: string): number {
  const order = orders.find(({ length }) => length === weights.length)
  if (!order) {
    const lengths = blockCounts.join(' or ')
    throw new WorkflowError(`block weights: ${weights.length} numbers, expected ${lengths}`)
  }
  const block = blockOf(layer)
  return block === undefined ? 1 : (weights[order.indexOf(block)] ?? 0)
}

/** Blocks with attention, of SDXL and of SD 1.x, for LoRAs of attention layers; and all of them. */
const orders: readonly (readonly string[])[] = [
  ['BASE', ...blocks('IN', 4, 5, 7, 8), 'MID', ...blocks('OUT', 0, 1, 2, 3, 4, 5)],
  ['BASE', ...blocks('IN', 1, 2, 4, 5, 7, 8), 'MID', ...blocks('OUT', 3, 4, 5, 6, 7, 8, 9, 10, 11)],
  ['BASE', ...blocks('IN', ...allBlocks()), 'MID', ...blocks('OUT', ...allBlocks())],
]

/** How many numbers block weights may have. */
export const blockCounts: readonly number[] = orders.map(({ length }) => length)

interface BlockRule {
  readonly pattern: RegExp
  /** From the numbers in the layer's name: which down or up block, and which layer of it. */
  readonly block: (block: number, layer: number) => string
}

/** Three members a block: two layers and the downsampler, or three layers. */
const rules: readonly BlockRule[] = [
  { pattern: /^text_model\./, block: () => 'BASE' },
  { pattern: /^conv_in\b/, block: () => blockName('IN', 0) },
  {
    pattern: /^down_blocks\.(\d+)\.(?:resnets|attentions)\.(\d+)\./,
    block: (block, layer) => blockName('IN', 3 * block + layer + 1),
  },
  {
    pattern: /^down_blocks\.(\d+)\.downsamplers\./,
    block: (block) => blockName('IN', 3 * block + 3),
  },
  { pattern: /^mid_block\./, block: () => 'MID' },
  {
    pattern: /^up_blocks\.(\d+)\.(?:resnets|attentions)\.(\d+)\./,
    block: (block, layer) => blockName('OUT', 3 * block + layer),
  },
  {
    pattern: /^up_blocks\.(\d+)\.upsamplers\./,
    block: (block) => blockName('OUT', 3 * block + 2),
  },
]

function blockOf(layer: string): string | undefined {
  for (const { pattern, block } of rules) {
    const found = pattern.exec(layer)
    if (found) return block(Number(found[1]), Number(found[2]))
  }
  return undefined
}

function blocks(side: 'IN' | 'OUT', ...numbers: number[]): string[] {
  return numbers.map((number) => blockName(side, number))
}

function blockName(side: 'IN' | 'OUT', number: number): string {
  return side + String(number).padStart(2, '0')
}

function allBlocks(): number[] {
  return Array.from({ length: 12 }, (_, number) => number)
}
