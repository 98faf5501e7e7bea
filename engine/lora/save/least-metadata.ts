import type { LoraFamily } from '../family.ts'
import type { Lora, LoraModule } from '../load.ts'
import type { Part } from '../naming.ts'
import { type PythonValue, pythonFloat, pythonJson } from './python-text.ts'

/** Names of the model families in metadata. SD 1.x where nothing tells. */
const versions: Readonly<Partial<Record<LoraFamily, string>>> = {
  sd15: 'sd_v1',
  sd2: 'sd_v2',
  sdxl: 'sdxl_base_v1-0',
}

/**
 * The metadata without which the common tools do not take a LoRA for one, worked out from its
 * tensors: kohya's own minimum.
 */
export function leastMetadata({ modules, family = 'sd15' }: Lora): Record<string, string> {
  const linear = modules.filter((module) => !isConvolution(module))
  const rest = modules.filter(isConvolution)
  const [main, convolutions] = linear.length > 0 ? [linear, rest] : [rest, []]
  const isPlain = modules.every(({ algorithm }) => algorithm === 'lora')
  const names: Record<string, PythonValue> = isPlain ? {} : { algo: algorithmName(modules) }
  const dim = common(convolutions.map(rankOf))
  if (dim !== undefined) {
    names.conv_dim = dim
    names.conv_alpha = alphaText(convolutions) ?? dim
  }
  if (modules.some(({ algorithm }) => algorithm === 'dora')) names.dora_wd = 'True'
  const version = versions[family]
  return {
    ...(version !== undefined && {
      ss_base_model_version: version,
      ss_v2: family === 'sd2' ? 'True' : 'False',
    }),
    ss_network_module: isPlain ? 'networks.lora' : 'lycoris.kohya',
    ss_network_dim: common(main.map(rankOf)) ?? 'None',
    ss_network_alpha: alphaText(main) ?? 'None',
    ss_network_args: pythonJson(names),
  }
}

/** Parts whose first size is the rank, in the order in which they tell it. */
const rankParts = ['down', 'hada_w1_b', 'lokr_w1_b', 'lokr_w2_b'] as const

function rankOf({ parts }: LoraModule): number | undefined {
  const part = rankParts.find((name) => parts.has(name))
  return part && parts.get(part)!.shape[0]
}

function alphaText(modules: readonly LoraModule[]): string | undefined {
  const alphas = modules.map((module) => {
    const rank = rankOf(module)
    if (rank === undefined) return undefined
    return module.parts.get('alpha')?.data[0] ?? rank * (module.scaleFor(rank) ?? 1)
  })
  const text = common(alphas)
  return text === undefined || text === 'Dynamic' ? text : pythonFloat(Number(text))
}

/** The number that all have; `Dynamic`, as kohya writes it, where they differ. */
function common(values: readonly (number | undefined)[]): string | undefined {
  const known = [...new Set(values.filter((value) => value !== undefined))]
  if (known.length === 0) return undefined
  return known.length === 1 ? String(known[0]) : 'Dynamic'
}

/** A 3 x 3 convolution: what kohya gives a rank of its own. */
function isConvolution({ parts }: LoraModule): boolean {
  const shape = (parts.get('mid') ?? parts.get('down') ?? parts.get('diff'))?.shape ?? []
  return parts.has('hada_t1') || parts.has('lokr_t2') || (shape[2] ?? 1) > 1
}

/** A part that only one algorithm of LyCORIS has; without any it is a plain LoRA. */
const tellingParts: readonly (readonly [part: Part, algorithm: string])[] = [
  ['hada_w1_a', 'loha'],
  ['lokr_w1', 'lokr'],
  ['lokr_w1_a', 'lokr'],
  ['on_input', 'ia3'],
  ['diff', 'full'],
]

function algorithmName(modules: readonly LoraModule[]): string {
  const telling = tellingParts.find(([part]) => modules.some(({ parts }) => parts.has(part)))
  return telling?.[1] ?? 'locon'
}
