import type { Services } from './context.ts'
import type { SocketValues } from './sockets.ts'
import { type DefineNode, definer } from './workflow/index.ts'

/** What a node author may use. */

export type { Services } from './context.ts'
export { examineDataset } from './dataset/doctor/examine.ts'
export { doctorSchema } from './dataset/doctor/options.ts'
export { contactSheet } from './dataset/doctor/sheet.ts'
export { checkAccepted, refusals } from './dataset/doctor/tell.ts'
export { editCaptions } from './dataset/edit-captions.ts'
export { folderParams, readFolders, settingsOfParams } from './dataset/folder-params.ts'
export { readDataset } from './dataset/read-dataset.ts'
export { datasetSchema } from './dataset/settings.ts'
export { drawPicture } from './drawing/draw-picture.ts'
export { drawnSource } from './drawing/source.ts'
export { styleNames } from './drawing/styles.ts'
export { FormatError, NodeError, WorkflowError } from './errors.ts'
export { sha256 } from './files/hash-file.ts'
export { safeName } from './files/names.ts'
export { readWeight } from './files/read-weight.ts'
export { openRunFolder } from './files/run-folder.ts'
export { saveBeside } from './files/save-beside.ts'
export { areStillSaved } from './files/still-saved.ts'
export { packFile } from './formats/packed.ts'
export { decodePicture, encodePng, renderSvg, resizeKernels } from './formats/picture.ts'
export { denoiseMethods, denoisePicture } from './formats/picture-denoise.ts'
export { cropPicture, resizeFits, resizePicture } from './formats/picture-resize.ts'
export { addPngText } from './formats/png-text.ts'
export { parseSafetensors } from './formats/safetensors.ts'
export { applyLoras } from './inference/apply-loras.ts'
export { decodeLatent, encodeImage } from './inference/autoencode.ts'
export { encodePrompt } from './inference/encode-prompt.ts'
export { gridOf } from './inference/grid.ts'
export { inpaintImage } from './inference/inpaint-image.ts'
export { checkMaskSize } from './inference/mask-size.ts'
export { sampleLatent, samplerParams } from './inference/sample-latent.ts'
export { blockCounts } from './lora/block-weights.ts'
export { readLora } from './lora/load.ts'
export { loraPrecisions, saveLora } from './lora/save.ts'
export { loraFamily } from './lora/source-family.ts'
export {
  type Checkpoint,
  type CheckpointSource,
  checkpointConfigSchema,
  readCheckpoint,
} from './models/checkpoint.ts'
export { layersOf } from './models/weights.ts'
export type * from './sockets.ts'
export type { Store } from './store.ts'
export { demoFacts } from './training/base/demo-facts.ts'
export { demoPlan } from './training/base/demo-plan.ts'
export { modelFile } from './training/base/model-file.ts'
export { partNames } from './training/base/parts.ts'
export { demoPhases, phaseSchema } from './training/base/phases.ts'
export { trainPart } from './training/base/train-part.ts'
export { continuedLora, initialLora } from './training/initial-lora.ts'
export { lossChart } from './training/loss-chart.ts'
export { describedMetadata } from './training/metadata/describe.ts'
export { modelCard } from './training/metadata/model-card.ts'
export { measureLoss, measureParams } from './training/run/measure.ts'
export { runSweepNode, sweepParams } from './training/run/sweep-node.ts'
export { runTrainNode } from './training/run/train-node.ts'
export {
  loraInitParams,
  optimizerParams,
  trainParams,
  trainStepParams,
} from './training/run/train-params.ts'
export { runTrainStep } from './training/run/train-step.ts'
export { trainingHost } from './training-host.ts'
export type { Lookup, NodeContext, NodeDefinition } from './workflow/index.ts'

/** Defines a node: its sockets and params are typed, its `run` gets the services. */
export const defineNode: DefineNode<SocketValues, Services> = definer<SocketValues, Services>()
