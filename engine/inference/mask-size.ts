import { WorkflowError } from '../errors.ts'
import type { Image, Mask } from '../sockets.ts'

/** Throws a `WorkflowError` where masks are not of the pictures' size, or neither 1 nor as many. */
export function checkMaskSize(image: Image, mask: Mask): void {
  const [batch, , height, width] = image.shape
  if (mask.shape[2] !== height || mask.shape[3] !== width) {
    throw new WorkflowError(
      `mask: ${mask.shape[3]} x ${mask.shape[2]} pixels, expected ${width} x ${height} as the image; add resize-image`,
    )
  }
  if (mask.shape[0] !== 1 && mask.shape[0] !== batch) {
    throw new WorkflowError(
      `mask: ${mask.shape[0]} masks for ${batch} pictures, expected 1 or as many`,
    )
  }
}
