import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { blockName, createCheckBlock } from '../../engine/inference/check-block.ts'
import { fusedOps } from '../../engine/runtime/device.ts'
import { type ProbeCase, probeCases } from '../../engine/runtime/probe-cases.ts'
import { type Checksum, checksumOf } from '../../engine/runtime/probe-checksums.ts'
import { evaluate } from './reference.ts'

/**
 * Writes the checksums of all cases, by the reference arithmetic, where the engine reads them:
 * `node test/onnx/record-checksums.ts`.
 */

/** The checksum of what a case gives at all its sizes. */
export function referenceChecksum({ name, program, feeds }: ProbeCase): Checksum {
  const tensors = feeds.flatMap((feed) => {
    const values = evaluate(program, feed)
    return program.outputs.map((output) => {
      const { data, shape } = values.get(output.name)!
      return { data: Float32Array.from(data), shape }
    })
  })
  return checksumOf(name, tensors)
}

/** Every case that a doctor runs on the processor. Give `remove` a call afterwards. */
export function allCases(): { cases: ProbeCase[]; remove(): void } {
  const { block, remove } = createCheckBlock()
  const last = block(new Set(fusedOps))
  if (last.name !== blockName) throw new Error(`${last.name} is not ${blockName}`)
  return { cases: [...probeCases(), last], remove }
}

if (process.argv[1] === import.meta.filename) {
  const { cases, remove } = allCases()
  const entries = cases.map((one) => {
    const { length, product } = referenceChecksum(one)
    return `  ${JSON.stringify(one.name)}: [${length}, ${product}]`
  })
  remove()
  const path = join(import.meta.dirname, '../../engine/runtime/probe-checksums.json')
  writeFileSync(path, `{\n${entries.join(',\n')}\n}\n`)
}
