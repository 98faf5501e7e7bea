import { type PythonValue, pythonFloat, pythonJson } from '../../lora/save/python-text.ts'
import { alphaOr } from '../settings/network.ts'
import type { TrainSettings } from '../settings.ts'

/** What the metadata says of the form of a LoRA: kohya's module for a plain one, else LyCORIS's. */
export function networkEntries(settings: TrainSettings): Record<string, PythonValue> {
  const { networkAlgorithm, networkDim, networkAlpha, networkDropout } = settings
  return {
    ss_network_module: networkAlgorithm === 'lora' ? 'networks.lora' : 'lycoris.kohya',
    ss_network_dim: networkDim,
    ss_network_alpha: pythonFloat(alphaOr(networkDim, networkAlpha)),
    ss_network_dropout: networkDropout === 0 ? null : pythonFloat(networkDropout),
    ss_network_args: pythonJson(networkArguments(settings)),
  }
}

/** The arguments of kohya's `--network_args`, all of them texts. */
function networkArguments(settings: TrainSettings): Record<string, PythonValue> {
  const { networkAlgorithm, convDim, convAlpha, factor, rankDropout, moduleDropout } = settings
  return {
    algo: algorithms[networkAlgorithm],
    dora_wd: networkAlgorithm === 'dora' ? 'True' : undefined,
    conv_dim: convDim === undefined ? undefined : String(convDim),
    conv_alpha: convDim === undefined ? undefined : pythonFloat(alphaOr(convDim, convAlpha)),
    block_dims: listed(settings.blockDims),
    block_alphas: listed(settings.blockAlphas),
    conv_block_dims: listed(settings.convBlockDims),
    conv_block_alphas: listed(settings.convBlockAlphas),
    factor: factor === -1 ? undefined : String(factor),
    rank_dropout: rankDropout === 0 ? undefined : pythonFloat(rankDropout),
    module_dropout: moduleDropout === 0 ? undefined : pythonFloat(moduleDropout),
  }
}

/** LyCORIS's names; DoRA is a switch there, on a LoRA that knows convolutions. */
const algorithms: Readonly<Record<TrainSettings['networkAlgorithm'], string | undefined>> = {
  lora: undefined,
  loha: 'loha',
  lokr: 'lokr',
  dora: 'locon',
}

function listed(numbers: readonly number[] | undefined): string | undefined {
  return numbers?.join(',')
}
