import type { Family } from '../models/families.ts'
import type { Image, NumericTensor } from '../sockets.ts'

/**
 * A rough picture `[batch, 3, height/8, width/8]` of a latent `[batch, 4, height/8, width/8]`,
 * without the VAE: each channel adds a colour.
 */
export function previewOf(latent: NumericTensor, { previewFactors }: Family): Image {
  const [batch, channels, height, width] = latent.shape as [number, number, number, number]
  const area = height * width
  const data = new Float32Array(batch * 3 * area)
  for (let item = 0; item < batch; item++) {
    for (let colour = 0; colour < 3; colour++) {
      const to = (item * 3 + colour) * area
      for (let place = 0; place < area; place++) {
        let value = 0.5
        for (let channel = 0; channel < channels; channel++) {
          const factor = previewFactors[channel]?.[colour] ?? 0
          value += 0.5 * factor * latent.data[(item * channels + channel) * area + place]!
        }
        data[to + place] = Math.min(1, Math.max(0, value))
      }
    }
  }
  return { data, shape: [batch, 3, height, width] }
}
