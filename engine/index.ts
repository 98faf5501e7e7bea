import type { Services } from './context.ts'
import type { SocketValues } from './sockets.ts'
import { type DefineNode, definer } from './workflow/index.ts'

/** What a node author may use. */

export type { Services } from './context.ts'
export { FormatError, NodeError, WorkflowError } from './errors.ts'
export { safeName } from './files/names.ts'
export { decodePicture, encodePng, resizeKernels } from './formats/picture.ts'
export { cropPicture, resizeFits, resizePicture } from './formats/picture-resize.ts'
export { addPngText } from './formats/png-text.ts'
export { decodeLatent, encodeImage } from './inference/autoencode.ts'
export { encodePrompt } from './inference/encode-prompt.ts'
export { gridOf } from './inference/grid.ts'
export { inpaintImage } from './inference/inpaint-image.ts'
export { checkMaskSize } from './inference/mask-size.ts'
export { sampleLatent, samplerParams } from './inference/sample-latent.ts'
export { bakedWarning } from './lora/bake.ts'
export { blockCounts } from './lora/block-weights.ts'
export { checkMatched } from './lora/resolve.ts'
export { loraFamily } from './lora/source-family.ts'
export {
  type Checkpoint,
  type CheckpointSource,
  checkpointConfigSchema,
  readCheckpoint,
} from './models/checkpoint.ts'
export { layersOf } from './models/weights.ts'
export type * from './sockets.ts'
export type { Lookup, NodeContext, NodeDefinition } from './workflow/index.ts'

/** Defines a node: its sockets and params are typed, its `run` gets the services. */
export const defineNode: DefineNode<SocketValues, Services> = definer<SocketValues, Services>()
