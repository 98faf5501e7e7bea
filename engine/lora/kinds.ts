import { parseLoraKey } from './naming.ts'

/** True for tensor names of a LoRA file; false for a checkpoint, an embedding, a VAE. */
export function looksLikeLora(names: Iterable<string>): boolean {
  return [...names].some((name) => {
    const part = parseLoraKey(name)?.part
    return part !== undefined && part !== 'alpha'
  })
}

/** What a file without LoRA tensors is instead, and where it belongs. */
export function otherKind(names: Iterable<string>): { what: string; remedy: string } | undefined {
  const listed = [...names]
  return otherKinds.find(({ names }) => listed.some((name) => names.test(name)))
}

/** The first with a matching name counts. */
const otherKinds: readonly { what: string; remedy: string; names: RegExp }[] = [
  {
    what: 'a ControlNet',
    remedy: 'it cannot be loaded as a LoRA',
    names: /^control_model\.|^controlnet_/,
  },
  {
    what: 'a checkpoint',
    remedy: 'open it with load-model',
    names: /^model\.diffusion_model\.|^cond_stage_model\.|^conditioner\.embedders\./,
  },
  {
    what: 'a network of a checkpoint',
    remedy: 'open the whole checkpoint with load-model',
    names: /^down_blocks\.0\.|^text_model\.encoder\.|^input_blocks\.0\./,
  },
  {
    what: 'a VAE',
    remedy: 'it cannot be loaded as a LoRA',
    names: /^(?:first_stage_model\.)?(?:encoder|decoder)\.(?:conv_in|mid)/,
  },
  {
    what: 'an embedding (textual inversion)',
    remedy: 'name it in the prompt',
    names: /^emb_params$|^clip_[lg]$|^string_to_param/,
  },
]
