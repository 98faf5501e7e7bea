import { attention, linear } from '../models/blocks.ts'
import { createNetwork, networkInput, type Recompute } from '../models/network.ts'
import { createBuilder } from '../onnx/builder.ts'
import { add } from '../onnx/express.ts'
import { gradient } from '../onnx/gradient.ts'
import type { Program } from '../onnx/value.ts'
import { cpuDevice } from '../runtime/device.ts'
import { createSession, newCounters } from '../runtime/session.ts'
import { someNumbers } from './bench.ts'

/**
 * A process that computes the gradients of a chain of attention layers once, in order to be
 * measured from outside: `node attention-chain-alone.ts none|attention` prints its most memory,
 * over that before, as one line of JSON.
 */

const layers = 8
const tokens = 1024
const width = 320
const heads = 8

const idleBytes = process.memoryUsage.rss()
const session = await createSession(chain(process.argv[2] as Recompute), cpuDevice, newCounters())
const x = someNumbers([1, tokens, width])
await session.run({ x, gradOut: x, ...weights() })
const peakBytes = process.resourceUsage().maxRSS * 1024 - idleBytes
process.stdout.write(`${JSON.stringify({ peakBytes })}\n`)
await session.release()

function names(): readonly string[] {
  return Array.from({ length: layers }, (_, layer) => `layer${layer}`)
}

function weights() {
  const scaled = someNumbers([width, width])
  const weight = { ...scaled, data: scaled.data.map((value) => value / Math.sqrt(width)) }
  return Object.fromEntries(names().map((name) => [`${name}.weight`, weight]))
}

/** `x + attention(x W, x W, x W)`, layer after layer, with the gradient of every `W`. */
function chain(recompute: Recompute): Program {
  const builder = createBuilder('attention-chain')
  const shape = [width, width]
  const data = { file: '', offset: 0, length: 4 * width * width }
  const weight = { stored: '', type: 'float32' as const, shape, data }
  const tensors = new Map(names().map((name) => [`${name}.weight`, weight]))
  const net = createNetwork(
    'chain',
    { file: 'chain', tensors },
    {
      ...{ type: 'float32', fused: new Set(), adapted: new Set(), baked: new Map() },
      training: { trained: new Set(tensors.keys()), ranks: new Map(), recompute },
    },
    builder,
  )
  let value = networkInput(net, 'x', ['batch', tokens, width])
  for (let layer = 0; layer < layers; layer++) {
    const mixed = linear(net, `layer${layer}`, value)
    value = add(builder, value, attention(net, [mixed, mixed, mixed], heads))
  }
  const gradOut = builder.input('gradOut', 'float32', ['batch', tokens, width])
  const parameters = names().map((name) => builder.valueOf(`${name}.weight`))
  const gradients = gradient(builder, [{ value, gradOut }], parameters)
  names().forEach((name, index) => {
    builder.output(`gradient ${name}`, gradients[index]!)
  })
  return builder.finish()
}
