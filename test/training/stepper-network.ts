import { createBuilder } from '../../engine/onnx/builder.ts'
import { add, mul, scalar } from '../../engine/onnx/express.ts'
import { gradient } from '../../engine/onnx/gradient.ts'
import type { Program } from '../../engine/onnx/value.ts'
import type { Device } from '../../engine/runtime/device.ts'
import { seededTensor } from '../../engine/runtime/probe-data.ts'
import { createSessionPool } from '../../engine/runtime/session-pool.ts'
import type { HostTensor } from '../../engine/runtime/tensor.ts'
import type { ParameterInfo } from '../../engine/training/parameter.ts'
import { createStepper } from '../../engine/training/stepper.ts'
import { updateProgram } from '../../engine/training/update-program.ts'

/** A network of two layers, small enough for a software adapter, and its training. */

const [width, hidden] = [6, 5]

const layers: readonly ParameterInfo[] = [
  { name: 'first', shape: [width, hidden], group: 'unet' },
  { name: 'second', shape: [hidden, width], group: 'unet' },
]

/** A training of the network on a device; the same first numbers each time. */
export function trainTwoLayers(device: Device, optimizerType: 'AdamW' | 'SGDNesterov' = 'AdamW') {
  const pool = createSessionPool(device, 2 ** 30)
  const stepper = createStepper({
    pool,
    key: 'two layers',
    parameters: layers,
    initial: new Map(
      layers.map(({ name, shape }) => [name, seededTensor(name, shape).data as Float32Array]),
    ),
    step: () => network(device, true),
    evaluation: () => network(device, false),
    update: updateProgram(
      {
        optimizer: { optimizerType, optimizerArgs: {}, learningRate: 0.1, maxGradNorm: 0 },
        maxGradNorm: 0,
        ema: true,
      },
      layers,
    ),
  })
  return { pool, stepper }
}

/** Rows with what the network should make of them. */
export function rowsOf(seed: string, count = 3): Record<'x' | 'y', HostTensor> {
  return {
    x: seededTensor(`x ${seed}`, [count, width]),
    y: seededTensor(`y ${seed}`, [count, width]),
  }
}

/** Squared errors of `sigmoid(x A) B` against `y`, with the gradients of their sum or without. */
function network(device: Device, withGradient: boolean): Program {
  const builder = createBuilder('two-layers')
  const input = (name: string) => builder.input(name, 'float32', ['batch', width])
  const [x, y] = [input('x'), input('y')]
  const weights = layers.map(({ name, shape }) => builder.input(name, 'float32', shape))
  const inner = builder.op('Sigmoid', [builder.op('MatMul', [x, weights[0]!])])
  const gap = builder.op('Sub', [builder.op('MatMul', [inner, weights[1]!]), y])
  const losses = mul(builder, gap, gap)
  builder.output('losses', losses)
  if (!withGradient) return builder.finish()
  const gradOut = add(builder, mul(builder, losses, scalar(builder, 0)), scalar(builder, 1))
  const { fused } = device
  const gradients = gradient(builder, [{ value: losses, gradOut }], weights, { fused })
  layers.forEach(({ name }, index) => {
    builder.output(`gradient ${name}`, gradients[index]!)
  })
  return builder.finish()
}
