import blendLoras from './blend-loras.ts'
import captionEdit from './caption-edit.ts'
import cropImage from './crop-image.ts'
import dataset from './dataset.ts'
import datasetDoctor from './dataset-doctor.ts'
import decode from './decode.ts'
import drawPictures from './draw-pictures.ts'
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
import loraInit from './lora-init.ts'
import loraMixer from './lora-mixer.ts'
import lossChart from './loss-chart.ts'
import number from './number.ts'
import optimizer from './optimizer.ts'
import preview from './preview.ts'
import removeNoise from './remove-noise.ts'
import reroute from './reroute.ts'
import resizeImage from './resize-image.ts'
import sampler from './sampler.ts'
import saveImage from './save-image.ts'
import saveLora from './save-lora.ts'
import saveNewModel from './save-new-model.ts'
import seed from './seed.ts'
import sweep from './sweep.ts'
import text from './text.ts'
import train from './train.ts'
import trainNewModel from './train-new-model.ts'
import trainStep from './train-step.ts'
import validation from './validation.ts'

/** All nodes that come with mazeru. */
export const nodes = [
  blendLoras,
  captionEdit,
  cropImage,
  dataset,
  datasetDoctor,
  decode,
  drawPictures,
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
  loraInit,
  loraMixer,
  lossChart,
  number,
  optimizer,
  preview,
  removeNoise,
  reroute,
  resizeImage,
  sampler,
  saveImage,
  saveLora,
  saveNewModel,
  seed,
  sweep,
  text,
  train,
  trainNewModel,
  trainStep,
  validation,
]
