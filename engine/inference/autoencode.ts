import { WorkflowError } from '../errors.ts'
import type { Vae } from '../models/handles.ts'
import { vaeDecoderProgram, vaeEncoderProgram } from '../models/vae.ts'
import type { SessionOptions } from '../runtime/session.ts'
import type { SessionPool } from '../runtime/session-pool.ts'
import type { Image, NumericTensor } from '../sockets.ts'
import { buildOptions } from './build.ts'
import { refuseNonFinite } from './finite.ts'
import { mapValues, stack, unstack } from './tensors.ts'

/** Pictures `[batch, 3, height, width]`, 0 to 1, to the mean and log variance of their latents. */
export async function encodeMoments(
  pool: SessionPool,
  vae: Vae,
  image: Image,
): Promise<{ mean: NumericTensor; logVariance: NumericTensor }> {
  const [, , height, width] = image.shape as [number, number, number, number]
  if (height % 8 !== 0 || width % 8 !== 0) {
    throw new WorkflowError(
      `image: ${width} x ${height} pixels, expected multiples of 8; add resize-image or crop-image`,
    )
  }
  const { id, weights, config } = vae.network
  const session = await pool.session(
    `${id} encoder`,
    () => vaeEncoderProgram(weights, config, buildOptions(pool.device)),
    sessionOptions(pool),
  )
  const moments: NumericTensor[] = []
  // One picture at a time: the first levels hold many channels at full size.
  for (const picture of unstack(image, image.shape[0]!)) {
    const result = await session.run({ image: mapValues(picture, (value) => value * 2 - 1) })
    refuseNonFinite(result.moments as NumericTensor, weights.file, 'the VAE encoder', otherVae)
    moments.push(result.moments as NumericTensor)
  }
  const halves = moments.map((one) => splitChannels(one))
  return {
    mean: stack(halves.map(([mean]) => mean)),
    logVariance: stack(halves.map(([, logVariance]) => logVariance)),
  }
}

/** Scaled latents: the mean, or with unit noise `[batch, 4, h/8, w/8]` a draw around it. */
export async function encodeImage(
  pool: SessionPool,
  vae: Vae,
  image: Image,
  noise?: NumericTensor,
): Promise<NumericTensor> {
  const { mean, logVariance } = await encodeMoments(pool, vae, image)
  const scale = vae.family.latentScale
  if (!noise) return mapValues(mean, (value) => value * scale)
  return mapValues(mean, (value, index) => {
    const spread = Math.exp(0.5 * Math.min(20, Math.max(-30, logVariance.data[index]!)))
    return (value + spread * noise.data[index]!) * scale
  })
}

/** Scaled latents `[batch, 4, h, w]` to pictures `[batch, 3, 8h, 8w]`, 0 to 1. */
export async function decodeLatent(
  pool: SessionPool,
  vae: Vae,
  latent: NumericTensor,
): Promise<Image> {
  const { id, weights, config } = vae.network
  const session = await pool.session(
    `${id} decoder`,
    () => vaeDecoderProgram(weights, config, buildOptions(pool.device)),
    sessionOptions(pool),
  )
  const pictures: NumericTensor[] = []
  for (const one of unstack(latent, latent.shape[0]!)) {
    const unscaled = mapValues(one, (value) => value / vae.family.latentScale)
    const { image } = await session.run({ latent: unscaled })
    refuseNonFinite(image as NumericTensor, weights.file, 'the VAE decoder', otherVae)
    pictures.push(
      mapValues(image as NumericTensor, (value) => Math.min(1, Math.max(0, value / 2 + 0.5))),
    )
  }
  return stack(pictures)
}

const otherVae = 'download the file again or take another with load-vae'

/**
 * On the processor, convolutions in blocks of channels: worth their reordering here, where maps are
 * large and weights few (measured: 12 to 16 % less work), not in a U-Net, which loads far slower.
 */
function sessionOptions({ device }: SessionPool): SessionOptions {
  return device.provider === 'cpu' ? { optimisation: 'all' } : {}
}

function splitChannels(tensor: NumericTensor): [NumericTensor, NumericTensor] {
  const [batch, channels, height, width] = tensor.shape as [number, number, number, number]
  const half = tensor.data.length / 2
  const shape = [batch, channels / 2, height, width]
  return [
    { data: tensor.data.slice(0, half), shape },
    { data: tensor.data.slice(half), shape },
  ]
}
