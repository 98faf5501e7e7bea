import type { Services } from '../context.ts'
import type { Model, Vae } from '../models/handles.ts'
import { maskForLatent } from '../sampling/inpaint.ts'
import type { Conditioning, Image, Mask, NumericTensor } from '../sockets.ts'
import type { NodeContext } from '../workflow/index.ts'
import { decodeLatent, encodeImage } from './autoencode.ts'
import { checkMaskSize } from './mask-size.ts'
import { type SamplerParams, sampleLatent } from './sample-latent.ts'
import { joinChannels, mapValues, repeat } from './tensors.ts'

export interface InpaintInputs {
  readonly model: Model
  readonly positive: Conditioning
  readonly negative?: Conditioning | undefined
  readonly vae: Vae
  readonly image: Image
  readonly mask: Mask
}

/** Channels of a U-Net made for inpainting: latent, mask, latent of the masked picture. */
const inpaintChannels = 9

/**
 * Repaints a picture where the mask is above 0. Where it is exactly 0 the result has the pixels of
 * the picture, bit for bit; in between the two are mixed. Works with any U-Net: the kept part is
 * blended in at every step, and a U-Net made for inpainting is shown mask and masked picture too.
 */
export async function inpaintImage(
  inputs: InpaintInputs,
  params: SamplerParams,
  context: NodeContext<Services, InpaintInputs, SamplerParams>,
): Promise<{ image: Image; latent: NumericTensor }> {
  const { model, vae, image, mask } = inputs
  checkMaskSize(image, mask)
  const { pool } = await context.services.runtime()
  const samples = await encodeImage(pool, vae, image)
  const forInpainting = model.unet.config.inChannels === inpaintChannels
  const extra = forInpainting
    ? joinChannels([
        firstChannel(maskForLatent(mask, samples.shape)),
        await encodeImage(pool, vae, hide(image, mask)),
      ])
    : undefined
  const latent = await sampleLatent(
    { ...inputs, latent: { samples, mask }, ...(extra && { extra }) },
    params,
    context,
  )
  const painted = await decodeLatent(pool, vae, latent)
  return { image: composite(image, painted, mask), latent }
}

/** Mixes two pictures by a mask `[batch | 1, 1, height, width]`; 0 keeps the first, bit for bit. */
export function composite(below: Image, above: Image, mask: Mask): Image {
  const [batch, , height, width] = above.shape as [number, number, number, number]
  const area = height * width
  const masks = repeat(mask, batch).data
  const kept = repeat(below, batch)
  return mapValues(above, (value, index) => {
    const share = masks[Math.floor(index / (3 * area)) * area + (index % area)]!
    const old = kept.data[index]!
    return share === 0 ? old : old + (value - old) * share
  })
}

/** Grey where the mask says repaint, as inpaint checkpoints were trained. */
function hide(image: Image, mask: Mask): Image {
  const area = image.shape[2]! * image.shape[3]!
  const masks = repeat(mask, image.shape[0]!).data
  return mapValues(image, (value, index) => {
    const share = masks[Math.floor(index / (3 * area)) * area + (index % area)]!
    return share >= 0.5 ? 0.5 : value
  })
}

function firstChannel({ data, shape }: { data: ArrayLike<number>; shape: readonly number[] }) {
  const [batch, channels, height, width] = shape as [number, number, number, number]
  const area = height * width
  const result = new Float32Array(batch * area)
  for (let item = 0; item < batch; item++) {
    for (let i = 0; i < area; i++) {
      result[item * area + i] = data[item * channels * area + i]! >= 0.5 ? 1 : 0
    }
  }
  return { data: result, shape: [batch, 1, height, width] }
}
