import blendLoras from './blend-loras.ts'
import cropImage from './crop-image.ts'
import decode from './decode.ts'
import emptyLatent from './empty-latent.ts'
import encodeImage from './encode-image.ts'
import encodePrompt from './encode-prompt.ts'
import imageGrid from './image-grid.ts'
import inpaint from './inpaint.ts'
import loadImage from './load-image.ts'
import loadLora from './load-lora.ts'
import loadMask from './load-mask.ts'
import loadModel from './load-model.ts'
import loadVae from './load-vae.ts'
import number from './number.ts'
import preview from './preview.ts'
import resizeImage from './resize-image.ts'
import sampler from './sampler.ts'
import saveImage from './save-image.ts'
import seed from './seed.ts'
import text from './text.ts'

/** All nodes that come with mazeru. */
export const nodes = [
  blendLoras,
  cropImage,
  decode,
  emptyLatent,
  encodeImage,
  encodePrompt,
  imageGrid,
  inpaint,
  loadImage,
  loadLora,
  loadMask,
  loadModel,
  loadVae,
  number,
  preview,
  resizeImage,
  sampler,
  saveImage,
  seed,
  text,
]
