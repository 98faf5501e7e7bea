import { createBuilder } from '../../engine/onnx/builder.ts'
import type { Program } from '../../engine/onnx/value.ts'
import type { SessionPool } from '../../engine/runtime/session-pool.ts'
import type { NumericTensor } from '../../engine/sockets.ts'
import type { DrawnStep } from '../../engine/training/objective/draw-step.ts'
import { type LossType, lossPerSample } from '../../engine/training/objective/loss.ts'

/** What a loss program is built for. */
export interface LossForm {
  kind: LossType
  huber: boolean
  cells: boolean
}

/** The loss of every picture as a program of its own. */
export function lossProgram({ kind, huber, cells }: LossForm): Program {
  const builder = createBuilder(`loss ${kind}`)
  const shape = ['batch', 4, 'height', 'width']
  const prediction = builder.input('prediction', 'float32', shape)
  const target = builder.input('target', 'float32', shape)
  const huberC = huber ? builder.input('huberC', 'float32', ['batch']) : undefined
  const cellWeight = cells
    ? builder.input('cellWeight', 'float32', ['batch', 1, 'height', 'width'])
    : undefined
  builder.output('losses', lossPerSample(builder, { kind, prediction, target, huberC, cellWeight }))
  return builder.finish()
}

/** The loss of every picture before its weight, computed by the runtime. */
export async function lossesOf(
  pool: SessionPool,
  kind: LossType,
  prediction: NumericTensor,
  { target, huberC, cellWeight }: Pick<DrawnStep, 'target' | 'huberC' | 'cellWeight'>,
): Promise<Float32Array> {
  const form = { kind, huber: huberC !== undefined, cells: cellWeight !== undefined }
  const session = await pool.session(JSON.stringify(form), () => lossProgram(form))
  const { losses } = await session.run({
    prediction,
    target,
    ...(huberC && { huberC: { data: huberC, shape: [huberC.length] } }),
    ...(cellWeight && { cellWeight }),
  })
  return losses!.data as Float32Array
}
